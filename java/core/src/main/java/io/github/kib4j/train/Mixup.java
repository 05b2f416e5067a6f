package io.github.kib4j.train;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Philox;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Mixed images and labels (docs/mathematics.md, section 7.6): each image with the one as far from the batch's end, in parts that are
 * drawn for each step and lie on the device before an epoch begins.
 */
final class Mixup {
    private final Device device;
    private final double alpha;
    private final long seed;
    private final int classes;
    private final Tensor parts;

    /** Makes room for the parts of an epoch's steps. */
    Mixup(Device device, Scope scope, double alpha, long seed, int classes, int steps) {
        this.device = device;
        this.alpha = alpha;
        this.seed = seed;
        this.classes = classes;
        parts = scope.allocate(DataType.F64, Shape.of(steps));
    }

    /** Draws the parts of an epoch whose first step is this one of the run. */
    void startEpoch(long first) {
        double[] drawn = new double[Math.toIntExact(parts.shape().size())];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = part(first + i);
        }
        parts.write(drawn);
    }

    /** Leaves images and labels as they are: a part of 1 in every step. */
    void keepApart() {
        double[] whole = new double[Math.toIntExact(parts.shape().size())];
        Arrays.fill(whole, 1);
        parts.write(whole);
    }

    /** Plans the mixing of a batch, in place; returns the shares of classes. */
    Tensor plan(Workspace workspace, List<Step> steps, Tensor x, Tensor labels, Clock clock) {
        steps.add(Step.main(Phase.DATA, device.batch().mix(x, parts, clock)));
        Tensor shares = workspace.tensor(DataType.F32, Shape.of(labels.shape().extent(0), classes));
        steps.add(Step.main(Phase.DATA, device.batch().mixLabels(shares, labels, parts, clock)));
        return shares;
    }

    /** Returns the part of a step, of the distribution {@code Beta(alpha, alpha)}: {@code a / (a + b)} of two of {@code Gamma(alpha)}. */
    double part(long step) {
        Draws draws = new Draws(seed, step);
        double own = draws.logGamma(alpha);
        double other = draws.logGamma(alpha);
        return 1 / (1 + StrictMath.exp(other - own));
    }

    /** A step's random numbers, one after the other. */
    private static final class Draws {
        private final long seed;
        private final long step;
        private final int[] words = new int[4];
        private int taken;

        Draws(long seed, long step) {
            this.seed = seed;
            this.step = step;
        }

        private double uniform() {
            if (taken % words.length == 0) {
                Philox.words(words, seed, taken / words.length, (int) step, 0, Philox.MIXUP);
            }
            return Philox.uniform(words[taken++ % words.length]);
        }

        private double normal() {
            double radius = Math.sqrt(-2 * StrictMath.log(uniform()));
            return radius * StrictMath.cos(2 * Math.PI * uniform());
        }

        /**
         * Returns the logarithm of a number of {@code Gamma(alpha)}, by Marsaglia and Tsang's method (2000) for {@code alpha + 1} and a
         * uniform number's power, so that small {@code alpha} do not underflow.
         */
        double logGamma(double alpha) {
            double d = alpha + 1 - 1.0 / 3;
            double c = 1 / Math.sqrt(9 * d);
            while (true) {
                double x = normal();
                double u = uniform();
                double v = 1 + c * x;
                double cube = v * v * v;
                if (v > 0 && StrictMath.log(u) < 0.5 * x * x + d - d * cube + d * StrictMath.log(cube)) {
                    return StrictMath.log(d * cube) + StrictMath.log(uniform()) / alpha;
                }
            }
        }
    }
}
