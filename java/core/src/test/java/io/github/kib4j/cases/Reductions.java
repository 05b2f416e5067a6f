package io.github.kib4j.cases;

import io.github.kib4j.cases.OperationCase.Setup;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Everything that is summed, at the size that training sums it at, of numbers that are hard to sum: where a running sum in single
 * precision goes wrong, but few of them do not show it.
 */
final class Reductions {
    private final List<OperationCase> cases = new ArrayList<>();

    private Reductions() {}

    /** Returns all cases. */
    static List<OperationCase> all() {
        Reductions list = new Reductions();
        list.batchNorm();
        return list.cases;
    }

    private void add(String operation, String name, int terms, OperationCase.Body body) {
        cases.add(new OperationCase(operation, name, terms, body));
    }

    /** Numbers that are hard to sum; their deviation at most. */
    private enum Numbers {
        NORMAL(1),
        /** 5.1. */
        CONSTANT(0),
        /** ReLU of normal ones. */
        RECTIFIED(0.584),
        /** 10,000 and a tenth of normal ones. */
        FAR(0.1),
        /** 3.3, and 3.31 at one place of 4,096. */
        HARDLY_VARYING(3e-4),
        /** 1,000 first, then 0.1. */
        OUTLIER_FIRST(3);

        final double deviation;

        Numbers(double deviation) {
            this.deviation = deviation;
        }

        double number(int index, double normal) {
            return switch (this) {
                case NORMAL -> normal;
                case CONSTANT -> 5.1;
                case RECTIFIED -> Math.max(0, normal);
                case FAR -> 10_000 + 0.1 * normal;
                case HARDLY_VARYING -> index % 4096 == 77 ? 3.31 : 3.3;
                case OUTLIER_FIRST -> index == 0 ? 1000 : 0.1;
            };
        }

        static Numbers of(int i) {
            return values()[i % values().length];
        }
    }

    /** Normally distributed numbers, cheaply: drawn again and again from a few. */
    private static final class Normal {
        private static final int COUNT = 1 << 14;
        private final double[] numbers = new double[COUNT];
        private final Random random;

        Normal(Random random) {
            this.random = random;
            for (int i = 0; i < COUNT; i++) {
                numbers[i] = random.nextGaussian();
            }
        }

        double next() {
            return numbers[random.nextInt(COUNT)];
        }
    }

    /** Fills channel {@code c} of {@code [B, C, ...]} with the numbers of {@code kind(c)}. */
    private static Tensor channels(Setup t, Tensor tensor, java.util.function.IntFunction<Numbers> kind) {
        Shape shape = tensor.shape();
        int channels = shape.extent(1);
        int positions = shape.rowSize() / channels;
        Normal normal = new Normal(t.random());
        return t.filled(tensor, i -> {
            int inChannel = i / positions / channels * positions + i % positions;
            return kind.apply(i / positions % channels).number(inChannel, normal.next());
        });
    }

    private void batchNorm() {
        for (int[] extents : new int[][] {{128, 18, 32, 32}, {2048, 6}}) {
            int channels = extents[1];
            int positions = extents.length == 4 ? extents[2] * extents[3] : 1;
            String sizes = Shape.of(extents).toString();
            add("batchNorm.forward", "hard numbers " + sizes, 1, t -> {
                BatchNormOps.Parameters parameters = parameters(t, channels);
                // the figures: a millionth of the deviation; the rest is double's share of 10,000
                BatchNormOps.Saved saved = new BatchNormOps.Saved(
                        t.output("mean", t.wide(channels), expected -> deviations(channels, 1e-6, 1e-11)),
                        t.output("variance", t.wide(channels), Bounds.ofEach(1e-6, 1e-20)));
                t.output("running mean", parameters.runningMean(), Bounds.ofEach(0x1p-23, 1e-7));
                t.output("running variance", parameters.runningVariance(), Bounds.ofEach(0x1p-22, 1e-7));
                t.then(t.device()
                        .batchNorm()
                        .forward(
                                t.output(
                                        "y",
                                        t.activation(extents),
                                        Bounds.ofRuns(channels, positions, 2 * t.epsilon(), 4 * 0x1p-23)),
                                saved,
                                channels(t, t.activation(extents), Numbers::of),
                                parameters));
            });
            add("batchNorm.gradient", "hard numbers " + sizes, 1, t -> {
                BatchNormOps.Parameters parameters = parameters(t, channels);
                BatchNormOps.Saved saved = new BatchNormOps.Saved(t.wide(channels), t.wide(channels));
                Tensor a = channels(t, t.activation(extents), Numbers::of);
                t.then(t.device().batchNorm().forward(t.activation(extents), saved, a, parameters));
                Tensor dy = channels(t, t.activation(extents), c -> Numbers.of(c / Numbers.values().length));
                t.then(t.device()
                        .batchNorm()
                        .gradient(
                                t.output("da", dy, Bounds.ofRuns(channels, positions, 2 * t.epsilon(), 1e-9)),
                                t.output("dscale", t.single(channels), Bounds.ofEach(0x1p-23, 1e-6)),
                                t.output("dshift", t.single(channels), Bounds.ofEach(0x1p-23, 1e-6)),
                                dy,
                                a,
                                parameters,
                                saved));
            });
        }
    }

    private static double[] deviations(int channels, double relative, double floor) {
        double[] tolerances = new double[channels];
        for (int c = 0; c < channels; c++) {
            tolerances[c] = relative * Numbers.of(c).deviation + floor;
        }
        return tolerances;
    }

    private static BatchNormOps.Parameters parameters(Setup t, int channels) {
        return new BatchNormOps.Parameters(
                t.filled(t.single(channels), 0.5, 1.5),
                t.randomSingle(channels),
                t.randomSingle(channels),
                t.filled(t.single(channels), 0.5, 1.5));
    }
}
