package io.github.kib4j.export;

import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A sample's numbers at one place of a network, in double, each with the variance of what single precision makes of it, in whatever
 * order it sums. Roundings are taken for independent and of mean 0, {@code u = 2^-24} at most (Higham and Mary, 2019: a sum of {@code n}
 * numbers of size {@code S} is then {@code sqrt(n) u S} away, where it is {@code n u S} in the worst case), and are carried through the
 * network to first order.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Bounded(Shape shape, double[] value, double[] variance) {
    private static final double U = 0x1p-24;
    private static final double EPSILON = 1e-5;

    /** So many standard deviations are the bound. */
    private static final double FAR = 4;

    /** Returns how far single precision may be. */
    double bound(int i) {
        return FAR * Math.sqrt(variance[i]);
    }

    private static double square(double number) {
        return number * number;
    }

    /** Makes one number of another place: its value, and its variance. */
    private interface Number {
        void set(int i, double[] value, double[] variance);
    }

    private static Bounded of(Shape shape, Number number) {
        int size = (int) shape.size();
        Bounded made = new Bounded(shape, new double[size], new double[size]);
        for (int i = 0; i < size; i++) {
            number.set(i, made.value, made.variance);
        }
        return made;
    }

    /** Returns the logits of a sample of bytes. */
    static Bounded logits(SavedModel model, byte[] pixels, int first) throws IOException {
        Bounded x = input(model.requireInput(), pixels, first);
        List<Bounded> sent = new ArrayList<>();
        for (int i = 0; i < model.network().hidden().size(); i++) {
            x = x.layer(model, i);
            sent.add(x);
        }
        int outputs = model.network().outputs();
        boolean all = model.network().readout().readsAll();
        String last = all ? "softmax_layers." + (sent.size() - 1) : "softmax_layer";
        float[] bias = model.array(last + ".bias", Shape.of(outputs)).floats();
        Bounded sum = of(Shape.of(outputs), (m, value, variance) -> value[m] = bias[m]);
        for (Map.Entry<Integer, Shape> read : model.network().read().entrySet()) {
            String name = all ? "softmax_layers." + read.getKey() : "softmax_layer";
            Bounded features = sent.get(read.getKey()).averaged(read.getValue());
            float[] weight = model.array(name + ".weight", Shape.of(outputs, features.value.length))
                    .floats();
            Bounded before = sum;
            Bounded part = features.product(weight, outputs, null);
            sum = of(Shape.of(outputs), (m, value, variance) -> {
                value[m] = before.value[m] + part.value[m];
                variance[m] = before.variance[m] + part.variance[m] + square(U * value[m]);
            });
        }
        return sum;
    }

    private static Bounded input(Input input, byte[] pixels, int first) {
        int plane = input.shape().extent(1) * input.shape().extent(2);
        return of(input.shape(), (i, value, variance) -> {
            double mean = input.mean().get(i / plane);
            double deviation = input.deviation().get(i / plane);
            double pixel = (pixels[first + i] & 255) / 255.0;
            value[i] = (pixel - mean) / deviation;
            double centred = square(pixel) + square(mean) + square(pixel - mean);
            variance[i] = square(U) * (centred / square(deviation) + 2 * square(value[i]));
        });
    }

    private Bounded layer(SavedModel model, int index) throws IOException {
        LayerSpec layer = model.network().hidden().get(index);
        String prefix = "hidden_layers." + index + ".";
        Shape units = Shape.of(layer.units());
        float @Nullable [] bias =
                layer.bias() ? model.array(prefix + "layer.bias", units).floats() : null;
        Bounded a = layer.isConvolution()
                ? convolution(
                        model.array(prefix + "layer.weight", layer.weight(shape))
                                .floats(),
                        layer,
                        bias)
                : product(
                        model.array(prefix + "layer.weight", Shape.of(layer.units(), value.length))
                                .floats(),
                        layer.units(),
                        bias);
        if (layer.batchNorm()) {
            String norm = prefix + "batch_norm.";
            a = a.normalized(
                    model.array(norm + "weight", units).floats(),
                    model.array(norm + "bias", units).floats(),
                    model.array(norm + "running_mean", units).floats(),
                    model.array(norm + "running_var", units).floats());
        }
        Bounded z = a.activated(layer.activation()).pooled(layer.pooling());
        Grouping grouping = layer.grouping();
        return grouping != null && grouping.divisive() ? z.divided(grouping) : z;
    }

    /** Sums products, and then a bias. */
    private final class Sum {
        private double sum;
        private double size;
        private double carried;

        void add(double weight, int from) {
            sum += weight * value[from];
            size += Math.abs(weight * value[from]);
            carried += square(weight) * variance[from];
        }

        void end(int i, double bias, int terms, double[] to, double[] variances) {
            to[i] = sum + bias;
            variances[i] = carried + (terms + 2) * square(U * (size + Math.abs(bias)));
        }
    }

    private Bounded product(float[] weight, int units, float @Nullable [] bias) {
        int inputs = value.length;
        return of(Shape.of(units), (n, to, variances) -> {
            Sum sum = new Sum();
            for (int k = 0; k < inputs; k++) {
                sum.add(weight[n * inputs + k], k);
            }
            sum.end(n, bias == null ? 0 : bias[n], inputs, to, variances);
        });
    }

    private Bounded convolution(float[] weight, LayerSpec layer, float @Nullable [] bias) {
        int kernel = layer.kernelSize();
        int channels = shape.extent(0);
        int height = shape.extent(1);
        int width = shape.extent(2);
        int terms = channels * kernel * kernel;
        return of(layer.preActivation(shape), (i, to, variances) -> {
            int unit = i / (height * width);
            Sum sum = new Sum();
            for (int t = 0; t < terms; t++) {
                int row = i / width % height + t / kernel % kernel - kernel / 2;
                int column = i % width + t % kernel - kernel / 2;
                if (row >= 0 && row < height && column >= 0 && column < width) {
                    sum.add(weight[unit * terms + t], (t / (kernel * kernel) * height + row) * width + column);
                }
            }
            sum.end(i, bias == null ? 0 : bias[unit], terms, to, variances);
        });
    }

    /** A runtime may also have folded it into the weights before: each product then has 4 roundings more, the sum's being as many at least. */
    private Bounded normalized(float[] scale, float[] shift, float[] mean, float[] variance) {
        int plane = value.length / scale.length;
        return of(shape, (i, to, variances) -> {
            int c = i / plane;
            double factor = scale[c] / Math.sqrt(variance[c] + EPSILON);
            to[i] = factor * (value[i] - mean[c]) + shift[c];
            variances[i] =
                    square(factor) * (5 * this.variance[i] + square(4 * U) * (square(value[i]) + square(mean[c])))
                            + square(4 * U * shift[c]);
        });
    }

    private Bounded activated(Activation activation) {
        boolean selu = activation == Activation.SELU;
        double steepest = selu ? Activation.SELU_LAMBDA * Activation.SELU_ALPHA : 1;
        return of(shape, (i, to, variances) -> {
            to[i] = activation.of(value[i]);
            // SELU's exponential, which is below 1, is right to 8 units of the last place
            variances[i] = square(steepest) * variance[i]
                    + square(2 * U * to[i])
                    + (selu && value[i] < 0 ? square(8 * U * steepest) : 0);
        });
    }

    private Bounded pooled(Pooling pooling) {
        if (pooling == Pooling.NONE) {
            return this;
        }
        int width = shape.extent(2);
        Shape half = Shape.of(shape.extent(0), shape.extent(1) / 2, width / 2);
        return of(half, (i, to, variances) -> {
            int row = i / half.extent(2);
            int channel = row / half.extent(1);
            int from = (channel * shape.extent(1) + 2 * (row % half.extent(1))) * width + 2 * (i % half.extent(2));
            int[] window = {from, from + 1, from + width, from + width + 1};
            if (pooling == Pooling.MAX) {
                to[i] = IntStream.of(window).mapToDouble(k -> value[k]).max().orElseThrow();
                variances[i] =
                        IntStream.of(window).mapToDouble(k -> variance[k]).max().orElseThrow();
            } else {
                mean(i, window, 5, to, variances);
            }
        });
    }

    private void mean(int i, int[] of, int roundings, double[] to, double[] variances) {
        double size = 0;
        for (int k : of) {
            to[i] += value[k] / of.length;
            size += Math.abs(value[k]) / of.length;
            variances[i] += variance[k] / square(of.length);
        }
        variances[i] += roundings * square(U * size);
    }

    private Bounded averaged(Shape to) {
        if (to.equals(shape)) {
            return this;
        }
        int height = shape.extent(1);
        int width = shape.extent(2);
        return of(to, (i, values, variances) -> {
            int y = i / to.extent(2) % to.extent(1);
            int x = i % to.extent(2);
            int channel = i / (to.extent(1) * to.extent(2));
            List<Integer> window = new ArrayList<>();
            for (int row = y * height / to.extent(1);
                    row < ((y + 1) * height + to.extent(1) - 1) / to.extent(1);
                    row++) {
                for (int column = x * width / to.extent(2);
                        column < ((x + 1) * width + to.extent(2) - 1) / to.extent(2);
                        column++) {
                    window.add((channel * height + row) * width + column);
                }
            }
            mean(i, window.stream().mapToInt(k -> k).toArray(), height + width + 4, values, variances);
        });
    }

    private Bounded divided(Grouping grouping) {
        int size = value.length / grouping.groups();
        double q = grouping.divisivePower();
        return of(shape, (i, to, variances) -> {
            int first = i / size * size;
            int[] group = IntStream.range(first, first + size).toArray();
            double[] mean = new double[1];
            double[] ofMean = new double[1];
            mean(0, group, size + 1, mean, ofMean);
            double sum = grouping.delta();
            double ofSum = 0;
            for (int k : group) {
                double centred = value[k] - mean[0];
                sum += square(centred);
                ofSum += square(2 * centred) * (variance[k] + ofMean[0] + square(U * centred));
            }
            double s = sum / size;
            double ofScale = (ofSum + (size + 4) * square(U * sum)) / square(size);
            double centred = value[i] - mean[0];
            double ofCentred = variance[i] + ofMean[0] + square(U * centred);
            to[i] = centred / Math.pow(s, q);
            variances[i] = ofCentred * Math.pow(s, -2 * q)
                    + square(centred * q * Math.pow(s, -q - 1)) * ofScale
                    + square(to[i] * U * (6 + q * Math.abs(Math.log(s))));
        });
    }
}
