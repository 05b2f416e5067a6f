package io.github.kib4j.train;

import io.github.kib4j.objective.Comparison;
import io.github.kib4j.objective.GramMatrix;
import io.github.kib4j.op.Kernel;

/**
 * A linear function of vectors that was fitted by ridge regression, in closed form and in double (docs/mathematics.md, equation 9.2).
 *
 * @param weights {@code W [M][D]}
 * @param bias {@code [M]}
 */
@SuppressWarnings("ArrayRecordComponent") // handed from who fits to who uses
record Ridge(double[][] weights, double[] bias) {
    /** The penalty of a probe, as a part of the mean square of its features' differences. */
    static final double USUAL = 0.01;

    /**
     * Fits: {@code W} and {@code bias} with the least {@code |X W' + 1 bias' - Y|^2 + lambda |W|^2}, where {@code lambda = penalty
     * |H X|^2 / B}.
     *
     * @param x {@code [B, D]}
     * @param y {@code [B][M]}
     * @param penalty above 0
     */
    static Ridge fit(float[] x, double[][] y, double penalty) {
        int samples = y.length;
        int width = x.length / samples;
        double[] mean = new double[width];
        for (int i = 0; i < x.length; i++) {
            mean[i % width] += x[i];
        }
        double squares = 0;
        for (int k = 0; k < width; k++) {
            mean[k] /= samples;
        }
        for (int i = 0; i < x.length; i++) {
            double difference = x[i] - mean[i % width];
            squares += difference * difference;
        }
        double lambda = squares > 0 ? penalty * squares / samples : 1;
        double[][] outputs = columns(y);
        double[] bias = centre(outputs);
        double[][] weights =
                width < samples ? ofFeatures(x, outputs, mean, lambda) : ofSamples(x, outputs, mean, lambda);
        for (int c = 0; c < weights.length; c++) {
            bias[c] -= GramMatrix.product(weights[c], 0, mean, 0, width);
        }
        return new Ridge(weights, bias);
    }

    /** Returns the columns of a matrix as rows. */
    private static double[][] columns(double[][] y) {
        double[][] columns = new double[y[0].length][y.length];
        for (int b = 0; b < y.length; b++) {
            for (int c = 0; c < columns.length; c++) {
                columns[c][b] = y[b][c];
            }
        }
        return columns;
    }

    /** Takes each row's mean away, and returns the means. */
    private static double[] centre(double[][] rows) {
        double[] means = new double[rows.length];
        for (int c = 0; c < rows.length; c++) {
            for (double value : rows[c]) {
                means[c] += value / rows[c].length;
            }
            for (int b = 0; b < rows[c].length; b++) {
                rows[c][b] -= means[c];
            }
        }
        return means;
    }

    /** Solves {@code (X'X + lambda I) W' = X'Y}. */
    private static double[][] ofFeatures(float[] x, double[][] y, double[] mean, double lambda) {
        int width = mean.length;
        int samples = x.length / width;
        float[] transposed = new float[x.length];
        for (int b = 0; b < samples; b++) {
            for (int k = 0; k < width; k++) {
                transposed[k * samples + b] = x[b * width + k];
            }
        }
        Cholesky factors = Cholesky.of(
                GramMatrix.of(transposed, width, new Comparison(Kernel.LINEAR, true))
                        .k(),
                width,
                lambda);
        double[][] weights = new double[y.length][width];
        for (int c = 0; c < y.length; c++) {
            accumulate(weights[c], x, y[c], mean);
            factors.solve(weights[c]);
        }
        return weights;
    }

    /** Solves {@code (X X' + lambda I) A = Y}, and returns {@code W = A' X}: the same, where there are fewer samples than features. */
    private static double[][] ofSamples(float[] x, double[][] y, double[] mean, double lambda) {
        int samples = x.length / mean.length;
        Cholesky factors = Cholesky.of(GramMatrix.ofDifferences(x, samples).k(), samples, lambda);
        double[][] weights = new double[y.length][mean.length];
        for (int c = 0; c < y.length; c++) {
            factors.solve(y[c]);
            accumulate(weights[c], x, y[c], mean);
        }
        return weights;
    }

    /** Adds {@code (H X)' y}. */
    private static void accumulate(double[] sums, float[] x, double[] y, double[] mean) {
        for (int b = 0; b < y.length; b++) {
            for (int k = 0; k < sums.length; k++) {
                sums[k] += y[b] * (x[b * sums.length + k] - mean[k]);
            }
        }
    }

    /** Returns what it says of a vector: row {@code b} of {@code x [B, D]}. */
    double[] of(float[] x, int b) {
        double[] said = bias.clone();
        for (int c = 0; c < said.length; c++) {
            double[] w = weights[c];
            double sum = 0;
            for (int k = 0; k < w.length; k++) {
                sum += w[k] * x[b * w.length + k];
            }
            said[c] += sum;
        }
        return said;
    }
}
