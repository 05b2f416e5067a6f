package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;

/** {@link GramOps} in loops. */
record ReferenceGram() implements GramOps<Work> {
    @Override
    public Work dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator) {
        return Work.of(() -> doubles(value)[0] =
                dependence(Codes.of(x, false, kernelX), kernelX, Codes.of(y, false, kernelY), kernelY, estimator));
    }

    /**
     * Returns {@code mean(A B) - mean(A) mean(B)} (pHSIC) or {@code tr(A H B H) / B^2}, which also takes off what the means of rows
     * contribute.
     */
    private static double dependence(Codes x, Kernel kernelX, Codes y, Kernel kernelY, Estimator estimator) {
        int batch = x.batch();
        double sumA = 0;
        double sumB = 0;
        double sumOfProducts = 0;
        double productOfRows = 0;
        for (int i = 0; i < batch; i++) {
            double rowA = 0;
            double rowB = 0;
            for (int j = 0; j < batch; j++) {
                double a = x.lessConstant(i, j, kernelX, estimator);
                double b = y.lessConstant(i, j, kernelY, estimator);
                rowA += a;
                rowB += b;
                sumOfProducts += a * b;
            }
            sumA += rowA;
            sumB += rowB;
            productOfRows += rowA * rowB / batch;
        }
        double ofMeans = sumA / batch * (sumB / batch);
        return estimator == Estimator.PHSIC
                ? (sumOfProducts - ofMeans) / batch / batch
                : Math.max(0, (sumOfProducts - 2 * productOfRows + ofMeans) / batch / batch);
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
