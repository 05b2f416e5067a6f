package io.github.kib4j.dependence;

import io.github.kib4j.op.Kernel;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/** Every measure as its definition says it, in loops over double: what the module's own numbers are held to. */
final class Loops {
    private Loops() {}

    static double[][] normal(Random random, int n, int d) {
        double[][] rows = new double[n][d];
        for (double[] row : rows) {
            for (int k = 0; k < d; k++) {
                row[k] = (float) random.nextGaussian(); // exact in single precision too
            }
        }
        return rows;
    }

    static double kernel(double[] a, double[] b, Kernel kernel) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        double squares = 0;
        for (int k = 0; k < a.length; k++) {
            dot += a[k] * b[k];
            aa += a[k] * a[k];
            bb += b[k] * b[k];
            squares += (a[k] - b[k]) * (a[k] - b[k]);
        }
        double r2 = squares;
        return switch (kernel.kind()) {
            case LINEAR -> dot;
            case COSINE -> aa == 0 || bb == 0 ? 0 : dot / Math.sqrt(aa * bb);
            case GAUSSIAN -> mean(kernel, sigma -> Math.exp(-r2 / (2 * sigma * sigma)));
            case LAPLACE -> mean(kernel, sigma -> Math.exp(-Math.sqrt(r2) / sigma));
            case INVERSE_MULTIQUADRIC -> mean(kernel, sigma -> 1 / Math.sqrt(1 + r2 / (sigma * sigma)));
            case DELTA -> r2 == 0 ? 1 : 0;
        };
    }

    private static double mean(Kernel kernel, DoubleUnaryOperator of) {
        return kernel.widths().stream().mapToDouble(of::applyAsDouble).average().orElseThrow();
    }

    static double[][] gram(double[][] x, double[][] z, Kernel kernel) {
        double[][] k = new double[x.length][z.length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < z.length; j++) {
                k[i][j] = kernel(x[i], z[j], kernel);
            }
        }
        return k;
    }

    static double[][] gram(double[][] x, Kernel kernel) {
        return gram(x, x, kernel);
    }

    static double mean(double[][] k) {
        double sum = 0;
        for (double[] row : k) {
            for (double entry : row) {
                sum += entry;
            }
        }
        return sum / k.length / k.length;
    }

    /** {@code H K H}. */
    static double[][] centred(double[][] k) {
        int n = k.length;
        double mean = mean(k);
        double[] rows = new double[n];
        for (int i = 0; i < n; i++) {
            for (double entry : k[i]) {
                rows[i] += entry / n;
            }
        }
        double[][] c = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                c[i][j] = k[i][j] - rows[i] - rows[j] + mean;
            }
        }
        return c;
    }

    /** The sum of {@code |a_ij|}. */
    static double absolute(double[][] a) {
        double sum = 0;
        for (double[] row : a) {
            for (double entry : row) {
                sum += Math.abs(entry);
            }
        }
        return sum;
    }

    static double of(Measure measure, double[][] k, double[][] l) {
        return switch (measure) {
            case HSIC -> hsic(k, l);
            case HSIC_UNBIASED -> unbiased(k, l);
            case PHSIC -> phsic(k, l);
            case CKA -> ratio(hsic(k, l), hsic(k, k), hsic(l, l));
            case CKA_UNBIASED -> ratio(unbiased(k, l), unbiased(k, k), unbiased(l, l));
        };
    }

    private static double ratio(double kl, double kk, double ll) {
        return kk < 1e-13 || ll < 1e-13 ? 0 : kl / Math.sqrt(kk * ll);
    }

    private static double hsic(double[][] k, double[][] l) {
        double[][] a = centred(k);
        double[][] b = centred(l);
        double sum = 0;
        for (int i = 0; i < k.length; i++) {
            for (int j = 0; j < k.length; j++) {
                sum += a[i][j] * b[i][j];
            }
        }
        return sum / k.length / k.length;
    }

    private static double phsic(double[][] k, double[][] l) {
        double mean = mean(k);
        double sum = 0;
        for (int i = 0; i < k.length; i++) {
            for (int j = 0; j < k.length; j++) {
                sum += (k[i][j] - mean) * l[i][j];
            }
        }
        return sum / k.length / k.length;
    }

    /** The U-statistic: means over pairs, quadruples and triples of different samples. */
    private static double unbiased(double[][] k, double[][] l) {
        int n = k.length;
        double pairs = 0;
        double quadruples = 0;
        double triples = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                if (i == j) {
                    continue;
                }
                pairs += k[i][j] * l[i][j];
                for (int q = 0; q < n; q++) {
                    if (q == i || q == j) {
                        continue;
                    }
                    triples += k[i][j] * l[i][q];
                    for (int r = 0; r < n; r++) {
                        if (r != i && r != j && r != q) {
                            quadruples += k[i][j] * l[q][r];
                        }
                    }
                }
            }
        }
        double two = (double) n * (n - 1);
        return pairs / two + quadruples / (two * (n - 2) * (n - 3)) - 2 * triples / (two * (n - 2));
    }

    static double joint(double[][]... grams) {
        int n = grams[0].length;
        double first = 0;
        double second = 1;
        double third = 0;
        for (int i = 0; i < n; i++) {
            double rows = 1;
            for (double[][] k : grams) {
                double row = 0;
                for (double entry : k[i]) {
                    row += entry / n;
                }
                rows *= row;
            }
            third += rows / n;
            for (int j = 0; j < n; j++) {
                double product = 1;
                for (double[][] k : grams) {
                    product *= k[i][j];
                }
                first += product / n / n;
            }
        }
        for (double[][] k : grams) {
            second *= mean(k);
        }
        return first + second - 2 * third;
    }

    static double mmd(Discrepancy discrepancy, double[][] x, double[][] y, Kernel kernel) {
        double cross = 0;
        for (double[] a : x) {
            for (double[] b : y) {
                cross += kernel(a, b, kernel) / x.length / y.length;
            }
        }
        return own(discrepancy, x, kernel) + own(discrepancy, y, kernel) - 2 * cross;
    }

    private static double own(Discrepancy discrepancy, double[][] x, Kernel kernel) {
        double sum = 0;
        boolean all = discrepancy == Discrepancy.MMD;
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x.length; j++) {
                sum += all || i != j ? kernel(x[i], x[j], kernel) : 0;
            }
        }
        return sum / x.length / (all ? x.length : x.length - 1);
    }
}
