package io.github.kib4j.objective;

import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;

/** A batch's codes as kernels compare them: centred where wanted, and for the cosine kernel of length 1. */
final class PairCodes {
    private final Kernel kernel;
    private final boolean centred;
    private final int batch;
    private final int width;
    /** {@code vh [B, G]} of the cosine kernel, {@code v} of others. */
    private final double[] compared;
    /** {@code |v| [B]} of the cosine kernel, 1 of others; 0 of a dead code. */
    private final double[] lengths;

    PairCodes(Tensor code, Kernel kernel, boolean centred) {
        this.kernel = kernel;
        this.centred = centred;
        batch = code.shape().extent(0);
        width = code.shape().rowSize();
        compared = code.readDoubles();
        lengths = new double[batch];
        double epsilon = code.type() == DataType.F64 ? Math.ulp(1.0) : Math.ulp(1.0f);
        for (int i = 0; i < batch; i++) {
            double before = Math.sqrt(dot(compared, i, compared, i, width));
            if (centred) {
                centre(compared, i, width);
            }
            double length = Math.sqrt(dot(compared, i, compared, i, width));
            boolean dead = length <= Kernel.DEAD_FACTOR * epsilon * Math.sqrt(width) * before;
            lengths[i] = kernel.kind() != Kernel.Kind.COSINE ? 1 : dead ? 0 : length;
            for (int k = 0; k < width && kernel.kind() == Kernel.Kind.COSINE; k++) {
                compared[i * width + k] = dead ? 0 : compared[i * width + k] / length;
            }
        }
    }

    int batch() {
        return batch;
    }

    int width() {
        return width;
    }

    /** {@return {@code vh [B, G]} of the cosine kernel, {@code v} of others} */
    double[] compared() {
        return compared;
    }

    /** {@return the similarity of sample {@code i} and row {@code j} of others} */
    double similarity(int i, double[] others, int j) {
        if (kernel.kind() != Kernel.Kind.GAUSSIAN) {
            return dot(compared, i, others, j, width);
        }
        return kernel.gaussianOf(squaredDistance(compared, i, others, j, width));
    }

    /**
     * Adds what one pair tells a sample: {@code 2 S dK/dv_i}, equations (4.2) to (4.4).
     *
     * @param s the pair's weight {@code S}
     * @param similarity the pair's {@code K}
     */
    void pull(double[] dv, int i, double[] others, int j, double s, double similarity) {
        double weight = 2 * s * (lengths[i] == 0 ? 0 : 1 / lengths[i]);
        double own = switch (kernel.kind()) {
            case LINEAR -> 0;
            case COSINE -> similarity;
            default -> 1;
        };
        if (kernel.kind() == Kernel.Kind.GAUSSIAN) {
            weight *= kernel.gaussianSlope(squaredDistance(compared, i, others, j, width));
        }
        for (int k = 0; k < width; k++) {
            dv[i * width + k] += weight * (others[j * width + k] - own * compared[i * width + k]);
        }
    }

    /**
     * Adds what a sum over pairs tells a sample, for the linear and cosine kernels: {@code sum_j S_ij vh_j} takes the place of one.
     *
     * @param sum {@code [G]}
     * @param weight of all of it
     */
    void pullBySum(double[] dv, int i, double[] sum, double weight) {
        pull(dv, i, sum, 0, weight, dot(compared, i, sum, 0, width));
    }

    /** {@return {@code du} of {@code dv}: equation (4.5)} */
    double[] throughCentring(double[] dv) {
        for (int i = 0; i < batch && centred; i++) {
            centre(dv, i, width);
        }
        return dv;
    }

    static double squaredDistance(double[] a, int i, double[] b, int j, int width) {
        double sum = 0;
        for (int k = 0; k < width; k++) {
            double difference = a[i * width + k] - b[j * width + k];
            sum += difference * difference;
        }
        return sum;
    }

    static double dot(double[] a, int i, double[] b, int j, int width) {
        double sum = 0;
        for (int k = 0; k < width; k++) {
            sum += a[i * width + k] * b[j * width + k];
        }
        return sum;
    }

    static void centre(double[] rows, int i, int width) {
        double sum = 0;
        for (int k = 0; k < width; k++) {
            sum += rows[i * width + k];
        }
        for (int k = 0; k < width; k++) {
            rows[i * width + k] -= sum / width;
        }
    }
}
