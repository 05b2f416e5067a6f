package io.github.kib4j.experiment.report;

import io.github.kib4j.objective.GramMatrix;
import java.util.stream.IntStream;

/** How a Gram matrix is painted. */
final class GramPicture {
    /** Part of the entries that are darker, or lighter, than the scale. */
    private static final double BEYOND = 0.005;

    private GramPicture() {}

    /** {@return the scale of a picture: least and greatest similarity of two samples, but for a few beyond} */
    static double[] range(GramMatrix matrix) {
        int size = matrix.size();
        double[] k = matrix.k();
        double[] others = IntStream.range(0, size * size)
                .filter(i -> i / size != i % size)
                .mapToDouble(i -> k[i])
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        if (others.length == 0) {
            return new double[] {0, 1};
        }
        int beyond = (int) (BEYOND * others.length);
        double low = others[beyond];
        double high = others[others.length - 1 - beyond];
        return new double[] {low, high > low ? high : Math.max(k[0], Math.nextUp(low))};
    }

    /** {@return the entries as bytes, 0 for the low end of a scale and 255 for its high end} */
    static byte[] levels(GramMatrix matrix, double low, double high) {
        double[] k = matrix.k();
        byte[] levels = new byte[k.length];
        for (int i = 0; i < k.length; i++) {
            double level = 255 * (k[i] - low) / (high - low);
            levels[i] = (byte) Math.round(Math.max(0, Math.min(255, level))); // NaN becomes 0
        }
        return levels;
    }
}
