package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.Tensor;

/**
 * Centred codes {@code v [B, G]} and, for the cosine kernel, what is left of them at length 1 ({@code vh}); with the other
 * kernels {@code vh = v}. {@code mean [G]} is the batch's mean of {@code vh}.
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier inside one operation
record Codes(int batch, int width, double[] v, double[] norm, double[] unit, double[] mean) {
    private static final double EPSILON = Math.ulp(1.0);

    /** Centres (or not) the first {@code batch * width} numbers of {@code u}. */
    static Codes of(Tensor samples, boolean centred, Kernel kernel) {
        double[] u = doubles(samples);
        int batch = samples.shape().extent(0);
        int width = samples.shape().rowSize();
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
            double bound = Kernel.DEAD_FACTOR * EPSILON * Math.sqrt(width) * Math.sqrt(uSquares);
            boolean dead = Math.sqrt(squares) <= bound;
            norm[b] = dead ? 0 : Math.sqrt(squares);
            for (int g = 0; g < width; g++) {
                double length = kernel.kind() == Kernel.Kind.COSINE ? norm[b] : 1;
                unit[b * width + g] = length == 0 ? 0 : v[b * width + g] / length;
            }
        }
        double[] mean = new double[width];
        for (int i = 0; i < batch * width; i++) {
            mean[i % width] += unit[i] / batch;
        }
        return new Codes(batch, width, v, norm, unit, mean);
    }

    /**
     * Returns {@code K [B, B]} less a constant, which estimators do not see (see {@link #offset}): nothing is lost where all codes
     * are alike.
     */
    double[] gramLessConstant(Kernel kernel, Estimator estimator) {
        double[] k = new double[batch * batch];
        for (int i = 0; i < batch * batch; i++) {
            k[i] = lessConstant(i / batch, i % batch, kernel, estimator);
        }
        return k;
    }

    /**
     * Returns an entry of {@link #gramLessConstant}: {@code exp(...) - 1}; {@code vh_i.vh_j - 1 = -|vh_i - vh_j|^2 / 2}; and, with
     * the batch's mean {@code m}, {@code v_i.v_j - m.m = (v_i - m).(v_j - m) + m.(v_i - m) + m.(v_j - m)}, of which HSIC sees the
     * first product alone.
     */
    double lessConstant(int i, int j, Kernel kernel, Estimator estimator) {
        return switch (kernel.kind()) {
            case GAUSSIAN -> kernel.gaussianLessOne(squaredDistance(i, j));
            case COSINE -> norm[i] == 0 || norm[j] == 0 ? -1 : -squaredDistance(i, j) / 2;
            case LAPLACE, INVERSE_MULTIQUADRIC, DELTA ->
                throw new IllegalStateException("No estimator sees " + kernel + " less a constant.");
            case LINEAR -> {
                double sum = 0;
                for (int g = 0; g < width; g++) {
                    double a = unit[i * width + g] - mean[g];
                    double b = unit[j * width + g] - mean[g];
                    sum += a * b + (estimator == Estimator.PHSIC ? mean[g] * (a + b) : 0);
                }
                yield sum;
            }
        };
    }

    /** Returns the kernel of code {@code i} and of code {@code j} of others, which may be these. */
    double entry(int i, Codes others, int j, Kernel kernel) {
        return switch (kernel.kind()) {
            case LINEAR -> {
                double sum = 0;
                for (int g = 0; g < width; g++) {
                    sum += v[i * width + g] * others.v[j * width + g];
                }
                yield sum;
            }
            case COSINE -> norm[i] == 0 || others.norm[j] == 0 ? 0 : 1 - squaredDistance(i, others, j) / 2;
            default -> kernel.ofSquares(squaredDistance(i, others, j));
        };
    }

    /** Returns what {@link #gramLessConstant} leaves out, where a gradient needs it: 0 for the linear kernel, whose does not. */
    static double offset(Kernel kernel) {
        return kernel.kind() == Kernel.Kind.LINEAR ? 0 : 1;
    }

    /** Returns {@code |vh_i - vh_j|^2}. */
    double squaredDistance(int i, int j) {
        return squaredDistance(i, this, j);
    }

    /** Returns the squared distance to code {@code j} of others. */
    double squaredDistance(int i, Codes others, int j) {
        double sum = 0;
        for (int g = 0; g < width; g++) {
            double difference = unit[i * width + g] - others.unit[j * width + g];
            sum += difference * difference;
        }
        return sum;
    }
}
