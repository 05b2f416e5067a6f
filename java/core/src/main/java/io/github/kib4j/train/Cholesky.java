package io.github.kib4j.train;

import io.github.kib4j.objective.GramMatrix;
import java.util.stream.IntStream;

/**
 * A symmetric positive matrix as {@code L L'}, by blocks of columns, whose rows are found side by side.
 *
 * @param l {@code L [N, N]}; what is above its diagonal means nothing
 * @param size {@code N}
 */
@SuppressWarnings("ArrayRecordComponent") // a matrix that its maker gives away
record Cholesky(double[] l, int size) {
    private static final int BLOCK = 64;

    /**
     * Factors {@code A + lambda I}.
     *
     * @param a {@code [N, N]}, positive but for rounding; is overwritten
     * @param lambda above 0
     */
    static Cholesky of(double[] a, int size, double lambda) {
        for (int i = 0; i < size; i++) {
            a[i * size + i] += lambda;
        }
        for (int first = 0; first < size; first += BLOCK) {
            int from = first;
            int to = Math.min(size, first + BLOCK);
            IntStream.range(from, size).parallel().forEach(i -> subtract(a, size, i, from, to));
            for (int i = from; i < to; i++) {
                finish(a, size, i, from, i + 1);
            }
            IntStream.range(to, size).parallel().forEach(i -> finish(a, size, i, from, to));
        }
        return new Cholesky(a, size);
    }

    /** Takes from a row's entries of a block what the columns before it give. */
    private static void subtract(double[] a, int size, int i, int from, int to) {
        for (int j = from; j < Math.min(to, i + 1); j++) {
            a[i * size + j] -= GramMatrix.product(a, i * size, a, j * size, from);
        }
    }

    /** Finds a row's entries of a block from those of the rows above. */
    private static void finish(double[] a, int size, int i, int from, int to) {
        for (int j = from; j < to; j++) {
            double rest = a[i * size + j] - GramMatrix.product(a, i * size + from, a, j * size + from, j - from);
            a[i * size + j] = i == j ? Math.sqrt(rest) : rest / a[j * size + j];
        }
    }

    /** Replaces {@code b} by {@code x} with {@code L L' x = b}. */
    void solve(double[] b) {
        for (int i = 0; i < size; i++) {
            b[i] = (b[i] - GramMatrix.product(l, i * size, b, 0, i)) / l[i * size + i];
        }
        for (int i = size - 1; i >= 0; i--) {
            b[i] /= l[i * size + i];
            for (int j = 0; j < i; j++) {
                b[j] -= l[i * size + j] * b[i];
            }
        }
    }
}
