package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.objective.Dependence;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.util.List;
import java.util.Random;

/**
 * Layers taught by a similarity of one's own: of a signal of random strength from an angle, heard by twelve sensors among noise, two
 * samples are as similar as their angles. No class is used but by the readout, which learns whether the angle is above 0.
 */
public final class OwnSimilarity {
    private static final int SENSORS = 12;

    private OwnSimilarity() {}

    /**
     * Signals and the angles that they come from.
     *
     * @param samples what the sensors hear
     * @param angles in radians
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    public record Signals(ImageSet samples, double[] angles) {
        /** {@return the angles as points of a circle, whose products are the cosines of differences} */
        float[][] points() {
            float[][] points = new float[angles.length][];
            for (int b = 0; b < points.length; b++) {
                points[b] = new float[] {(float) Math.cos(angles[b]), (float) Math.sin(angles[b])};
            }
            return points;
        }
    }

    /**
     * {@return signals from random angles}
     *
     * @param count how many
     * @param seed of the random numbers
     */
    public static Signals signals(int count, long seed) {
        Random random = new Random(seed);
        float[][] x = new float[count][SENSORS];
        int[] labels = new int[count];
        double[] angles = new double[count];
        for (int b = 0; b < count; b++) {
            angles[b] = Math.PI * (2 * random.nextDouble() - 1);
            labels[b] = angles[b] > 0 ? 1 : 0;
            double strength = 0.5 + random.nextDouble();
            for (int k = 0; k < SENSORS; k++) {
                double direction = 2 * Math.PI * k / SENSORS;
                x[b][k] = (float) (strength * Math.pow(Math.cos((angles[b] - direction) / 2), 4)
                        + 0.3 * random.nextGaussian());
            }
        }
        return new Signals(ImageSet.of("signals", x, labels, List.of("below 0", "above 0")), angles);
    }

    /**
     * {@return how well the last hidden layer's codes of test samples follow their angles, before and after training: HSIC over the
     * root of that of each with itself, between 0 and 1}
     *
     * @param epochs how often every sample is seen
     */
    public static double[] alignment(int epochs) {
        Signals train = signals(600, 1);
        Signals test = signals(200, 2);
        Dataset dataset = Dataset.standardized("signals", train.samples(), test.samples());
        double[] angles = train.angles();
        TeachingSignal similarity = TeachingSignals.similarity((i, j) -> Math.cos(angles[i] - angles[j]));
        try (Device device = Devices.open("auto", 0).device();
                Trainer trainer = new Trainer(device, dataset, MlpOnFeatures.config(dataset, similarity, epochs))) {
            double before = alignment(trainer, device, dataset, test);
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            return new double[] {before, alignment(trainer, device, dataset, test)};
        }
    }

    private static double alignment(Trainer trainer, Device device, Dataset dataset, Signals signals) {
        float[][] codes = CodesOfABatch.codes(trainer.network(), 1, CodesOfABatch.inputs(dataset));
        float[][] points = signals.points();
        return hsic(device, codes, points) / Math.sqrt(hsic(device, codes, codes) * hsic(device, points, points));
    }

    private static double hsic(Device device, float[][] x, float[][] y) {
        return Dependence.of(device, x, Kernel.LINEAR, y, Kernel.LINEAR, Estimator.HSIC);
    }

    /**
     * Prints how well codes follow angles.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        double[] alignment = alignment(30);
        System.out.printf("Codes follow angles: %.3f before training, %.3f after.%n", alignment[0], alignment[1]);
    }
}
