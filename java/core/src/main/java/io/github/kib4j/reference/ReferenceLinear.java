package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.UseGuard;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link LinearOps} in loops. */
record ReferenceLinear(UseGuard guard) implements LinearOps {
    @Override
    public Operation forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias) {
        Contracts.linear("linear.forward", y, x, w, bias);
        int batch = x.shape().extent(0);
        int d = x.shape().rowSize();
        int n = w.shape().extent(0);
        return guard.guard(() -> {
            double[] out = doubles(y);
            double[] in = doubles(x);
            double[] weights = doubles(w);
            for (int b = 0; b < batch; b++) {
                for (int k = 0; k < n; k++) {
                    double sum = bias == null ? 0 : doubles(bias)[k];
                    for (int m = 0; m < d; m++) {
                        sum += weights[k * d + m] * in[b * d + m];
                    }
                    out[b * n + k] = sum;
                }
            }
        });
    }

    @Override
    public Operation weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x) {
        Contracts.linear("linear.weightGradient", dy, x, dw, dbias);
        int batch = x.shape().extent(0);
        int d = x.shape().rowSize();
        int n = dw.shape().extent(0);
        return guard.guard(() -> {
            double[] out = doubles(dw);
            double[] in = doubles(x);
            double[] upstream = doubles(dy);
            Arrays.fill(out, 0);
            for (int b = 0; b < batch; b++) {
                for (int k = 0; k < n; k++) {
                    for (int m = 0; m < d; m++) {
                        out[k * d + m] += upstream[b * n + k] * in[b * d + m];
                    }
                }
            }
            if (dbias != null) {
                addRows(doubles(dbias), upstream, batch, n, 1);
            }
        });
    }

    /** {@code sum[k] = sum over b and positions of upstream[b, k, position]}. */
    static void addRows(double[] sum, double[] upstream, int batch, int n, int positions) {
        Arrays.fill(sum, 0);
        for (int b = 0; b < batch; b++) {
            for (int k = 0; k < n; k++) {
                for (int p = 0; p < positions; p++) {
                    sum[k] += upstream[(b * n + k) * positions + p];
                }
            }
        }
    }

    @Override
    public Operation dataGradient(Tensor dx, Tensor dy, Tensor w) {
        Contracts.linear("linear.dataGradient", dy, dx, w, null);
        int batch = dx.shape().extent(0);
        int d = dx.shape().rowSize();
        int n = w.shape().extent(0);
        return guard.guard(() -> {
            double[] out = doubles(dx);
            double[] upstream = doubles(dy);
            double[] weights = doubles(w);
            Arrays.fill(out, 0, batch * d, 0);
            for (int b = 0; b < batch; b++) {
                for (int k = 0; k < n; k++) {
                    for (int m = 0; m < d; m++) {
                        out[b * d + m] += upstream[b * n + k] * weights[k * d + m];
                    }
                }
            }
        });
    }
}
