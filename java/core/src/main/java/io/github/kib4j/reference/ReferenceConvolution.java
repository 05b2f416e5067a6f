package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The convolutions of {@link ReferenceProduct}. */
final class ReferenceConvolution {
    private ReferenceConvolution() {}

    /** What is done with one product of the convolution: indices into input, weights and output. */
    private interface Term {
        void at(int x, int w, int y);
    }

    /** Visits every term {@code y[b,n,h,w] += weight[n,c,i,j] x[b,c,h+i-r,w+j-r]} that lies inside the image. */
    private static void terms(Shape x, Shape weight, Term term) {
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

    static void forward(Tensor y, Tensor x, Tensor weight, @Nullable Tensor bias) {
        int outputs = y.shape().extent(1);
        int positions = y.shape().extent(2) * y.shape().extent(3);
        int size = Math.toIntExact(y.shape().size());
        double[] out = doubles(y);
        double[] in = doubles(x);
        double[] weights = doubles(weight);
        for (int k = 0; k < size; k++) {
            out[k] = bias == null ? 0 : doubles(bias)[k / positions % outputs];
        }
        terms(x.shape(), weight.shape(), (xi, wi, yi) -> out[yi] += weights[wi] * in[xi]);
    }

    static void weightGradient(Tensor dweight, @Nullable Tensor dbias, Tensor dy, Tensor x) {
        double[] out = doubles(dweight);
        double[] in = doubles(x);
        double[] upstream = doubles(dy);
        Arrays.fill(out, 0);
        terms(x.shape(), dweight.shape(), (xi, wi, yi) -> out[wi] += upstream[yi] * in[xi]);
        if (dbias != null) {
            Shape shape = dy.shape();
            addRows(doubles(dbias), upstream, shape.extent(0), shape.extent(1), shape.extent(2) * shape.extent(3));
        }
    }

    static void dataGradient(Tensor dx, Tensor dy, Tensor weight) {
        int size = Math.toIntExact(dx.shape().size());
        double[] out = doubles(dx);
        double[] weights = doubles(weight);
        double[] upstream = doubles(dy);
        Arrays.fill(out, 0, size, 0);
        terms(dx.shape(), weight.shape(), (xi, wi, yi) -> out[xi] += weights[wi] * upstream[yi]);
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
}
