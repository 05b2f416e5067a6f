package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Own features as a data set. Data sets are images of bytes, so a feature becomes a channel of one pixel: 256 steps between its least
 * and its greatest value in the training samples, off by at most 1/510 of that range. The network reads it with mean 0 and deviation 1.
 */
public final class Features {
    private Features() {}

    /**
     * Samples with their classes.
     *
     * @param x {@code [B][D]}
     * @param labels {@code [B]}, from 0
     */
    @SuppressWarnings("ArrayRecordComponent") // samples are handed on, never compared
    public record Samples(float[][] x, int[] labels) {}

    /**
     * {@return a data set}
     *
     * @param name for people
     * @param train samples to learn from
     * @param test samples to test on; values beyond those of training count as its least or greatest
     * @param classes their names
     * @throws IllegalArgumentException if a feature has one value in all training samples, or one that is not a number
     */
    public static Dataset dataset(String name, Samples train, Samples test, List<String> classes) {
        int width = train.x()[0].length;
        float[] least = new float[width];
        float[] greatest = new float[width];
        List<Double> mean = new ArrayList<>();
        List<Double> deviation = new ArrayList<>();
        for (int k = 0; k < width; k++) {
            least[k] = Float.POSITIVE_INFINITY;
            greatest[k] = Float.NEGATIVE_INFINITY;
            for (float[] row : train.x()) {
                least[k] = Math.min(least[k], row[k]);
                greatest[k] = Math.max(greatest[k], row[k]);
            }
            if (!(greatest[k] - least[k] > 0)) {
                throw new IllegalArgumentException(name + ": feature " + k + " ranges from " + least[k] + " to "
                        + greatest[k] + " in the training samples, which tells them not apart; leave it out.");
            }
            double sum = 0;
            double squares = 0;
            for (float[] row : train.x()) {
                double value = (row[k] - least[k]) / (greatest[k] - least[k]);
                sum += value;
                squares += value * value;
            }
            int count = train.x().length;
            mean.add(sum / count);
            deviation.add(Math.sqrt(squares / count - sum / count * (sum / count)));
        }
        return new Dataset(
                name,
                images(name + " train", train, least, greatest, classes),
                images(name + " test", test, least, greatest, classes),
                mean,
                deviation,
                0,
                false);
    }

    private static ImageSet images(
            String name, Samples samples, float[] least, float[] greatest, List<String> classes) {
        int width = least.length;
        byte[] bytes = new byte[samples.x().length * width];
        for (int i = 0; i < bytes.length; i++) {
            int k = i % width;
            float part = (samples.x()[i / width][k] - least[k]) / (greatest[k] - least[k]);
            bytes[i] = (byte) Math.round(255 * Math.min(1, Math.max(0, part)));
        }
        return new ImageSet(name, Shape.of(width, 1, 1), bytes, samples.labels(), classes);
    }
}
