package io.github.kib4j.dependence;

import java.util.Arrays;

/**
 * A measure, and its gradient with respect to samples.
 *
 * @param value the measure
 * @param dx {@code d value / d x_ik}: {@code n} rows of {@code D} numbers
 */
public record Gradient(double value, double[][] dx) {
    static Gradient of(double value, double[] dx, int first, int count, int width) {
        double[][] rows = new double[count][];
        for (int i = 0; i < count; i++) {
            rows[i] = Arrays.copyOfRange(dx, (first + i) * width, (first + i + 1) * width);
        }
        return new Gradient(value, rows);
    }
}
