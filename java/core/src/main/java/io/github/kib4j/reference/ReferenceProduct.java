package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link ProductOps} in loops: matrices here, convolutions in {@link ReferenceConvolution}. */
record ReferenceProduct() implements ProductOps<Work> {
    @Override
    public Work forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        if (geometry.isConvolution()) {
            return Work.of(() -> ReferenceConvolution.forward(y, x, w, bias));
        }
        int batch = x.shape().extent(0);
        int d = x.shape().rowSize();
        int n = w.shape().extent(0);
        return Work.of(() -> {
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
    public Work weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry) {
        if (geometry.isConvolution()) {
            return Work.of(() -> ReferenceConvolution.weightGradient(dw, dbias, dy, x));
        }
        int batch = x.shape().extent(0);
        int d = x.shape().rowSize();
        int n = dw.shape().extent(0);
        return Work.of(() -> {
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
                ReferenceConvolution.addRows(doubles(dbias), upstream, batch, n, 1);
            }
        });
    }

    @Override
    public Work dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry) {
        if (geometry.isConvolution()) {
            return Work.of(() -> ReferenceConvolution.dataGradient(dx, dy, w));
        }
        int batch = dx.shape().extent(0);
        int d = dx.shape().rowSize();
        int n = w.shape().extent(0);
        return Work.of(() -> {
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
