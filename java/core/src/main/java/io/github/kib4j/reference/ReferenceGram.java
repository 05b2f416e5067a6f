package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.UseGuard;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;

/** {@link GramOps} in loops. */
record ReferenceGram(UseGuard guard) implements GramOps {
    @Override
    public Operation matrix(Tensor k, Tensor u, Kernel kernel, boolean centred) {
        Contracts.gramMatrix(k, u);
        return guard.guard(() -> {
            Codes codes = Codes.of(doubles(u), u.shape().extent(0), u.shape().rowSize(), centred, kernel);
            double[] gram = codes.gramLessOne(kernel);
            double[] out = doubles(k);
            for (int i = 0; i < gram.length; i++) {
                out[i] = gram[i] + Codes.offset(kernel);
            }
        });
    }

    @Override
    public Operation dependence(Tensor value, Tensor a, Tensor b, Estimator estimator) {
        Contracts.dependence(value, a, b);
        int batch = a.shape().extent(0);
        return guard.guard(() -> doubles(value)[0] = dependence(doubles(a), doubles(b), batch, estimator));
    }

    /** Returns {@code mean((A - mean A) B)} or {@code tr(A H B H) / B^2}. */
    static double dependence(double[] a, double[] b, int batch, Estimator estimator) {
        double[] centred = centre(a, batch, estimator);
        double sum = 0;
        for (int i = 0; i < batch * batch; i++) {
            sum += centred[i] * b[i];
        }
        return sum / batch / batch;
    }

    /** Returns {@code A - mean A} for pHSIC, {@code H A H} for HSIC. */
    static double[] centre(double[] a, int batch, Estimator estimator) {
        double[] rowMean = new double[batch];
        double[] columnMean = new double[batch];
        for (int i = 0; i < batch * batch; i++) {
            rowMean[i / batch] += a[i] / batch;
            columnMean[i % batch] += a[i] / batch;
        }
        double mean = Arrays.stream(rowMean).sum() / batch;
        double[] centred = new double[batch * batch];
        for (int i = 0; i < batch * batch; i++) {
            centred[i] = estimator == Estimator.PHSIC
                    ? a[i] - mean
                    : a[i] - rowMean[i / batch] - columnMean[i % batch] + mean;
        }
        return centred;
    }
}
