package io.github.kib4j.experiment.report;

import io.github.kib4j.op.Kernel;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How similar the samples of a batch are to each other.
 *
 * @param size {@code B}
 * @param k {@code K [B, B]}
 */
@SuppressWarnings("ArrayRecordComponent") // handed from who computes to who paints
record GramMatrix(int size, double[] k) {
    private static final double EPSILON = Math.ulp(1f);
    /** Part of the entries that are darker, or lighter, than the scale. */
    private static final double BEYOND = 0.005;

    /**
     * Compares codes (docs/mathematics.md, section 3): {@code K_ij = kernel(v_i, v_j)}, where {@code v} is {@code u}, or what
     * centring within a sample leaves of it.
     *
     * @param u codes {@code [B, G]}
     * @param size {@code B}
     */
    static GramMatrix of(float[] u, int size, Kernel kernel, boolean centred) {
        int width = u.length / size;
        double[] v = new double[u.length];
        for (int b = 0; b < size; b++) {
            prepare(u, v, b * width, width, kernel, centred);
        }
        double[] k = new double[size * size];
        IntStream.range(0, size).parallel().forEach(i -> {
            for (int j = 0; j <= i; j++) {
                double value = similarity(v, i * width, j * width, width, kernel);
                k[i * size + j] = value;
                k[j * size + i] = value;
            }
        });
        return new GramMatrix(size, k);
    }

    /** Centres a code, and with the cosine kernel gives it length 1, or 0 where it is dead. */
    private static void prepare(float[] u, double[] v, int first, int width, Kernel kernel, boolean centred) {
        double sum = 0;
        double uSquares = 0;
        for (int g = first; g < first + width; g++) {
            sum += u[g];
            uSquares += (double) u[g] * u[g];
        }
        double mean = centred ? sum / width : 0;
        double squares = 0;
        for (int g = first; g < first + width; g++) {
            v[g] = u[g] - mean;
            squares += v[g] * v[g];
        }
        if (kernel.kind() == Kernel.Kind.COSINE) {
            double norm = Math.sqrt(squares);
            boolean dead = norm <= Kernel.DEAD_FACTOR * EPSILON * Math.sqrt(width) * Math.sqrt(uSquares);
            for (int g = first; g < first + width; g++) {
                v[g] = dead ? 0 : v[g] / norm;
            }
        }
    }

    private static double similarity(double[] v, int i, int j, int width, Kernel kernel) {
        if (kernel.kind() == Kernel.Kind.GAUSSIAN) {
            double distance = 0;
            for (int g = 0; g < width; g++) {
                double difference = v[i + g] - v[j + g];
                distance += difference * difference;
            }
            return Math.exp(-distance / kernel.sigma() / kernel.sigma() / 2);
        }
        double product = 0;
        for (int g = 0; g < width; g++) {
            product += v[i + g] * v[j + g];
        }
        return product;
    }

    /**
     * {@return how alike two Gram matrices of the same samples are, from 0 to 1: {@code HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))};
     * NaN where one of them says nothing}
     *
     * @param l the other one
     */
    double alignment(GramMatrix l) {
        double[] a = centred();
        double[] b = l.centred();
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
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
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** {@return the scale of a picture: least and greatest similarity of two samples, but for a few beyond} */
    double[] range() {
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
    byte[] levels(double low, double high) {
        byte[] levels = new byte[k.length];
        for (int i = 0; i < k.length; i++) {
            double level = 255 * (k[i] - low) / (high - low);
            levels[i] = (byte) Math.round(Math.max(0, Math.min(255, level))); // NaN becomes 0
        }
        return levels;
    }
}
