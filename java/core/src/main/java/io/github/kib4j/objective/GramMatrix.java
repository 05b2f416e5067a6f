package io.github.kib4j.objective;

import io.github.kib4j.op.Kernel;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How similar the samples of a batch are to each other, in double and in Java's own memory: what is looked at, and not what is
 * learned by.
 *
 * @param size {@code B}
 * @param k {@code K [B, B]}
 */
@SuppressWarnings("ArrayRecordComponent") // handed from who computes to who looks
public record GramMatrix(int size, double[] k) {
    private static final double EPSILON = Math.ulp(1f);
    /** Of a matrix that is the same everywhere, rounding leaves less than this part in {@code H K H}. */
    private static final double ROUNDING = 1e-13;
    /** Entries of codes that are compared at once, so that they stay in a processor's cache. */
    private static final int SLICE = 256;

    /**
     * {@return {@code K_ij = kernel(v_i, v_j)}, where {@code v} is {@code u}, or what centring within a sample leaves of it
     * (docs/mathematics.md, equations 3.4 to 3.6)}
     *
     * @param u codes {@code [B, G]}
     * @param size {@code B}
     * @param comparison of two codes
     */
    public static GramMatrix of(float[] u, int size, Comparison comparison) {
        int width = u.length / size;
        double[] less = new double[size];
        double[] times = new double[size];
        for (int b = 0; b < size; b++) {
            prepare(u, b, width, comparison, less, times);
        }
        Kernel kernel = comparison.kernel();
        boolean distances = kernel.kind() == Kernel.Kind.GAUSSIAN;
        double[] k = sums(size, width, (b, g) -> (u[b * width + g] - less[b]) * times[b], distances);
        for (int i = 0; i < k.length && distances; i++) {
            k[i] = kernel.gaussianOf(k[i]);
        }
        return new GramMatrix(size, k);
    }

    /**
     * {@return the products of codes whose means over the batch are taken away: {@code (H U)(H U)'}}
     *
     * @param u codes {@code [B, G]}
     * @param size {@code B}
     */
    public static GramMatrix ofDifferences(float[] u, int size) {
        int width = u.length / size;
        double[] mean = new double[width];
        for (int i = 0; i < u.length; i++) {
            mean[i % width] += u[i];
        }
        for (int g = 0; g < width; g++) {
            mean[g] /= size;
        }
        return new GramMatrix(size, sums(size, width, (b, g) -> u[b * width + g] - mean[g], false));
    }

    /**
     * {@return how similar labels are, as one-hot vectors}
     *
     * @param labels from 0
     * @param classes {@code M}
     * @param comparison of two of them
     */
    public static GramMatrix ofLabels(int[] labels, int classes, Comparison comparison) {
        float[] oneHot = new float[labels.length * classes];
        for (int b = 0; b < labels.length; b++) {
            oneHot[b * classes + labels[b]] = 1;
        }
        return of(oneHot, labels.length, comparison);
    }

    /** Finds what is taken away of a code's entries, and by what they are multiplied: with the cosine kernel it gets length 1, or 0. */
    private static void prepare(
            float[] u, int sample, int width, Comparison comparison, double[] less, double[] times) {
        double sum = 0;
        double uSquares = 0;
        for (int g = sample * width; g < (sample + 1) * width; g++) {
            sum += u[g];
            uSquares += (double) u[g] * u[g];
        }
        less[sample] = comparison.centred() ? sum / width : 0;
        times[sample] = 1;
        if (comparison.kernel().kind() == Kernel.Kind.COSINE) {
            double squares = 0;
            for (int g = sample * width; g < (sample + 1) * width; g++) {
                double v = u[g] - less[sample];
                squares += v * v;
            }
            double norm = Math.sqrt(squares);
            boolean dead = norm <= Kernel.DEAD_FACTOR * EPSILON * Math.sqrt(width) * Math.sqrt(uSquares);
            times[sample] = dead ? 0 : 1 / norm;
        }
    }

    /** An entry of what is compared. */
    private interface Entry {
        double of(int sample, int entry);
    }

    /** Returns the products of all pairs of rows, or their squared distances. */
    private static double[] sums(int size, int width, Entry entry, boolean distances) {
        double[] k = new double[size * size];
        double[] slice = new double[size * Math.min(SLICE, width)];
        for (int first = 0; first < width; first += SLICE) {
            int from = first;
            int wide = Math.min(SLICE, width - first);
            for (int b = 0; b < size; b++) {
                for (int g = 0; g < wide; g++) {
                    slice[b * wide + g] = entry.of(b, from + g);
                }
            }
            IntStream.range(0, size).parallel().forEach(i -> {
                for (int j = 0; j <= i; j++) {
                    k[i * size + j] += distances
                            ? distance(slice, i * wide, j * wide, wide)
                            : product(slice, i * wide, slice, j * wide, wide);
                }
            });
        }
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < i; j++) {
                k[j * size + i] = k[i * size + j];
            }
        }
        return k;
    }

    /**
     * {@return the product of two vectors} Four sums at once: a processor does not wait for the last addition.
     *
     * @param a holds one
     * @param i where it begins
     * @param b holds the other
     * @param j where it begins
     * @param length of both
     */
    public static double product(double[] a, int i, double[] b, int j, int length) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int g = 0;
        for (; g + 3 < length; g += 4) {
            s0 += a[i + g] * b[j + g];
            s1 += a[i + g + 1] * b[j + g + 1];
            s2 += a[i + g + 2] * b[j + g + 2];
            s3 += a[i + g + 3] * b[j + g + 3];
        }
        for (; g < length; g++) {
            s0 += a[i + g] * b[j + g];
        }
        return s0 + s1 + (s2 + s3);
    }

    private static double distance(double[] v, int i, int j, int length) {
        double sum = 0;
        for (int g = 0; g < length; g++) {
            double difference = v[i + g] - v[j + g];
            sum += difference * difference;
        }
        return sum;
    }

    /**
     * {@return the HSIC of the two variables (docs/mathematics.md, equation 3.7)}
     *
     * @param l the other Gram matrix of the same samples
     */
    public double hsic(GramMatrix l) {
        return Math.max(0, dot(centred(), l.centred()) / size / size);
    }

    /**
     * {@return the plausible HSIC of the two variables (docs/mathematics.md, equation 3.8)}
     *
     * @param l the other Gram matrix of the same samples
     */
    public double phsic(GramMatrix l) {
        double mean = Arrays.stream(k).sum() / k.length;
        double other = Arrays.stream(l.k).sum() / k.length;
        double sum = 0;
        for (int i = 0; i < k.length; i++) {
            sum += (k[i] - mean) * (l.k[i] - other);
        }
        return sum / k.length;
    }

    /**
     * {@return how alike two Gram matrices of the same samples are, from 0 to 1: {@code HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))},
     * which with linear kernels is the linear CKA (docs/mathematics.md, equation 9.1); 0 where one of them is the same everywhere}
     *
     * @param l the other one
     */
    public double alignment(GramMatrix l) {
        double[] a = centred();
        double[] b = l.centred();
        double aa = dot(a, a);
        double bb = dot(b, b);
        boolean says = !isRounding(aa, k) && !isRounding(bb, l.k);
        return says ? dot(a, b) / Math.sqrt(aa) / Math.sqrt(bb) : 0;
    }

    private static boolean isRounding(double squares, double[] k) {
        return Math.sqrt(squares) <= ROUNDING * Math.sqrt(dot(k, k));
    }

    /** Returns {@code H K H}. */
    private double[] centred() {
        double[] rowMean = new double[size];
        for (int i = 0; i < size * size; i++) {
            rowMean[i / size] += k[i] / size;
        }
        double mean = Arrays.stream(rowMean).sum() / size;
        double[] centred = new double[size * size];
        for (int i = 0; i < size * size; i++) {
            centred[i] = k[i] - rowMean[i / size] - rowMean[i % size] + mean;
        }
        return centred;
    }

    private static double dot(double[] a, double[] b) {
        return product(a, 0, b, 0, a.length);
    }
}
