package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.Network;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A regression without classes: layers are taught by target vectors, here of one number, of which only a kernel is seen; what their
 * codes then say of the numbers, a linear readout by least squares tells. The numbers are those of Friedman (Multivariate adaptive
 * regression splines, 1991): {@code 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5} and noise of deviation 1, of ten inputs.
 */
public final class TargetsOfARegression {
    private static final int INPUTS = 10;
    private static final int LAST_LAYER = 1;
    /** Of the kernel: the targets' deviation. */
    private static final double SIGMA = 5;

    private TargetsOfARegression() {}

    /**
     * Samples with their targets.
     *
     * @param samples inputs, and whether the target is above 14.4, its mean: what the run's own readout learns
     * @param targets {@code [B]}
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    public record Numbers(ImageSet samples, double[] targets) {}

    /**
     * {@return random samples}
     *
     * @param count how many
     * @param seed of the random numbers
     */
    public static Numbers numbers(int count, long seed) {
        Random random = new Random(seed);
        float[][] x = new float[count][INPUTS];
        double[] targets = new double[count];
        int[] labels = new int[count];
        for (int b = 0; b < count; b++) {
            for (int k = 0; k < INPUTS; k++) {
                x[b][k] = random.nextFloat();
            }
            targets[b] = 10 * Math.sin(Math.PI * x[b][0] * x[b][1])
                    + 20 * Math.pow(x[b][2] - 0.5, 2)
                    + 10 * x[b][3]
                    + 5 * x[b][4]
                    + random.nextGaussian();
            labels[b] = targets[b] > 14.4 ? 1 : 0;
        }
        return new Numbers(ImageSet.of("friedman", x, labels, List.of("below", "above")), targets);
    }

    /**
     * {@return R<sup>2</sup>, the part of the test targets' variance that a linear readout of the last hidden layer's codes explains,
     * before and after training; fitted to the training samples}
     *
     * @param epochs how often every sample is seen
     */
    public static double[] explained(int epochs) {
        Numbers train = numbers(2000, 1);
        Numbers test = numbers(500, 2);
        Dataset dataset = Dataset.standardized("friedman", train.samples(), test.samples());
        double[] targets = train.targets();
        TeachingSignal signal =
                TeachingSignals.targets(1, i -> new double[] {targets[i]}, Kernel.gaussian(SIGMA), false);
        try (Device device = Devices.open("auto", 0).device();
                Trainer trainer = new Trainer(device, dataset, MlpOnFeatures.config(dataset, signal, epochs))) {
            double before = explained(trainer.network(), dataset, train, test);
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            return new double[] {before, explained(trainer.network(), dataset, train, test)};
        }
    }

    private static double explained(Network network, Dataset dataset, Numbers train, Numbers test) {
        Dataset trained = new Dataset(
                dataset.name(), dataset.train(), dataset.train(), dataset.mean(), dataset.deviation(), 0, false);
        double[] weights =
                leastSquares(CodesOfABatch.codes(network, LAST_LAYER, CodesOfABatch.inputs(trained)), train.targets());
        float[][] codes = CodesOfABatch.codes(network, LAST_LAYER, CodesOfABatch.inputs(dataset));
        double mean = Arrays.stream(test.targets()).average().orElseThrow();
        double missed = 0;
        double all = 0;
        for (int b = 0; b < codes.length; b++) {
            missed += Math.pow(test.targets()[b] - predicted(codes[b], weights), 2);
            all += Math.pow(test.targets()[b] - mean, 2);
        }
        return 1 - missed / all;
    }

    private static double predicted(float[] code, double[] weights) {
        double sum = weights[code.length];
        for (int g = 0; g < code.length; g++) {
            sum += weights[g] * code[g];
        }
        return sum;
    }

    /** Returns the weights of a linear readout, the last that of a constant, by the normal equations. */
    static double[] leastSquares(float[][] codes, double[] targets) {
        int n = codes[0].length + 1;
        double[][] equations = new double[n][n + 1];
        for (int b = 0; b < codes.length; b++) {
            for (int i = 0; i < n; i++) {
                double of = i < n - 1 ? codes[b][i] : 1;
                for (int j = 0; j < n; j++) {
                    equations[i][j] += of * (j < n - 1 ? codes[b][j] : 1);
                }
                equations[i][n] += of * targets[b];
            }
        }
        for (int i = 0; i < n; i++) {
            equations[i][i] += 1e-6 * equations[i][i]; // codes of some groups may be the same
            for (int row = 0; row < n; row++) {
                double factor = row == i ? 0 : equations[row][i] / equations[i][i];
                for (int j = i; j <= n && row != i; j++) {
                    equations[row][j] -= factor * equations[i][j];
                }
            }
        }
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            weights[i] = equations[i][n] / equations[i][i];
        }
        return weights;
    }

    /**
     * Prints how much of the targets' variance codes explain.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        double[] explained = explained(30);
        System.out.printf("R2 of a linear readout: %.3f before training, %.3f after.%n", explained[0], explained[1]);
    }
}
