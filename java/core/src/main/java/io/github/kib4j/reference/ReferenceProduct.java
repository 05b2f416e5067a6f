package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.size;

import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link ProductOps} in loops, which a matrix and a convolution differ in. */
record ReferenceProduct() implements ProductOps<Work> {
    /** What is done with one term of the product: indices into input, weights and output. */
    private interface Term {
        void at(int x, int w, int y);
    }

    private static void terms(Geometry geometry, Shape x, Shape weight, Term term) {
        if (geometry.isConvolution()) {
            convolutionTerms(x, weight, term);
        } else {
            matrixTerms(x.extent(0), weight.extent(0), x.rowSize(), term);
        }
    }

    /** Visits every term {@code y[b,n] += weight[n,d] x[b,d]}. */
    private static void matrixTerms(int batch, int units, int width, Term term) {
        for (int b = 0; b < batch; b++) {
            for (int n = 0; n < units; n++) {
                for (int d = 0; d < width; d++) {
                    term.at(b * width + d, n * width + d, b * units + n);
                }
            }
        }
    }

    /** Visits every term {@code y[b,n,h,w] += weight[n,c,i,j] x[b,c,h+i-r,w+j-r]} that lies inside the image. */
    private static void convolutionTerms(Shape x, Shape weight, Term term) {
        int channels = x.extent(1);
        int height = x.extent(2);
        int width = x.extent(3);
        int size = weight.extent(2);
        int r = (size - 1) / 2;
        for (int b = 0; b < x.extent(0); b++) {
            for (int n = 0; n < weight.extent(0); n++) {
                for (int c = 0; c < channels; c++) {
                    for (int i = 0; i < size; i++) {
                        for (int j = 0; j < size; j++) {
                            int wIndex = ((n * channels + c) * size + i) * size + j;
                            for (int h = Math.max(0, r - i); h < Math.min(height, height + r - i); h++) {
                                int yRow = ((b * weight.extent(0) + n) * height + h) * width;
                                int xRow = ((b * channels + c) * height + h + i - r) * width;
                                for (int w = Math.max(0, r - j); w < Math.min(width, width + r - j); w++) {
                                    term.at(xRow + w + j - r, wIndex, yRow + w);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Override
    public Work forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        int outputs = y.shape().extent(1);
        int positions = y.shape().rowSize() / outputs;
        return Work.of(() -> {
            double[] out = doubles(y);
            double[] in = doubles(x);
            double[] weights = doubles(w);
            for (int k = 0; k < size(y); k++) {
                out[k] = bias == null ? 0 : doubles(bias)[k / positions % outputs];
            }
            terms(geometry, x.shape(), w.shape(), (xi, wi, yi) -> out[yi] += weights[wi] * in[xi]);
        });
    }

    @Override
    public Work weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry) {
        int outputs = dy.shape().extent(1);
        return Work.of(() -> {
            double[] out = doubles(dw);
            double[] in = doubles(x);
            double[] upstream = doubles(dy);
            Arrays.fill(out, 0);
            terms(geometry, x.shape(), dw.shape(), (xi, wi, yi) -> out[wi] += upstream[yi] * in[xi]);
            if (dbias != null) {
                addRows(
                        doubles(dbias),
                        upstream,
                        dy.shape().extent(0),
                        outputs,
                        dy.shape().rowSize() / outputs);
            }
        });
    }

    /** {@code sum[k] = sum over b and positions of upstream[b, k, position]}. */
    private static void addRows(double[] sum, double[] upstream, int batch, int n, int positions) {
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
    public Work dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry) {
        return Work.of(() -> {
            double[] out = doubles(dx);
            double[] weights = doubles(w);
            double[] upstream = doubles(dy);
            Arrays.fill(out, 0);
            terms(geometry, dx.shape(), w.shape(), (xi, wi, yi) -> out[xi] += weights[wi] * upstream[yi]);
        });
    }
}
