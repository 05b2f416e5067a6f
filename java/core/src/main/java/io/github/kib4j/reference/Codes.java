package io.github.kib4j.reference;

import io.github.kib4j.op.Kernel;

/**
 * Centred codes {@code v [B, G]} and, for the cosine kernel, what is left of them at length 1 ({@code vh}); with the linear
 * kernel {@code vh = v}.
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier inside one operation
record Codes(int batch, int width, double[] v, double[] norm, double[] unit) {
    private static final double EPSILON = Math.ulp(1.0);

    /** Centres (or not) the first {@code batch * width} numbers of {@code u}. */
    static Codes of(double[] u, int batch, int width, boolean centred, Kernel kernel) {
        double[] v = new double[batch * width];
        double[] norm = new double[batch];
        double[] unit = new double[batch * width];
        for (int b = 0; b < batch; b++) {
            double mean = 0;
            double uSquares = 0;
            for (int g = 0; g < width; g++) {
                mean += u[b * width + g] / width;
                uSquares += u[b * width + g] * u[b * width + g];
            }
            double squares = 0;
            for (int g = 0; g < width; g++) {
                v[b * width + g] = u[b * width + g] - (centred ? mean : 0);
                squares += v[b * width + g] * v[b * width + g];
            }
            boolean dead = Math.sqrt(squares) <= 8 * EPSILON * Math.sqrt(width) * Math.sqrt(uSquares);
            norm[b] = dead ? 0 : Math.sqrt(squares);
            for (int g = 0; g < width; g++) {
                double length = kernel.kind() == Kernel.Kind.COSINE ? norm[b] : 1;
                unit[b * width + g] = length == 0 ? 0 : v[b * width + g] / length;
            }
        }
        return new Codes(batch, width, v, norm, unit);
    }

    /** Returns {@code K [B, B]}; for the Gaussian kernel {@code K - 1}, which loses nothing where all codes are alike. */
    double[] gramLessOne(Kernel kernel) {
        double[] k = new double[batch * batch];
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j < batch; j++) {
                k[i * batch + j] = kernel.kind() == Kernel.Kind.GAUSSIAN
                        ? Math.expm1(-squaredDistance(i, j) / (2 * kernel.sigma() * kernel.sigma()))
                        : product(i, j);
            }
        }
        return k;
    }

    /** Returns what {@link #gramLessOne} leaves out: 1 for the Gaussian kernel, else 0. */
    static double offset(Kernel kernel) {
        return kernel.kind() == Kernel.Kind.GAUSSIAN ? 1 : 0;
    }

    private double product(int i, int j) {
        double sum = 0;
        for (int g = 0; g < width; g++) {
            sum += unit[i * width + g] * unit[j * width + g];
        }
        return sum;
    }

    private double squaredDistance(int i, int j) {
        double sum = 0;
        for (int g = 0; g < width; g++) {
            double difference = v[i * width + g] - v[j * width + g];
            sum += difference * difference;
        }
        return sum;
    }
}
