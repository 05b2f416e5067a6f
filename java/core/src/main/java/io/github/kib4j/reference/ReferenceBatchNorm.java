package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.function.DoubleBinaryOperator;

/** {@link BatchNormOps} in loops. */
record ReferenceBatchNorm() implements BatchNormOps<Work> {

    /** The numbers of one channel: their count, and where each lies. */
    private record Channel(int batch, int channels, int positions) {
        static Channel of(Shape shape) {
            return new Channel(shape.extent(0), shape.extent(1), shape.rowSize() / shape.extent(1));
        }

        int count() {
            return batch * positions;
        }

        int index(int channel, int k) {
            return (k / positions * channels + channel) * positions + k % positions;
        }

        double sum(int channel, double[] first, double[] second, DoubleBinaryOperator term) {
            double sum = 0;
            for (int k = 0; k < count(); k++) {
                int at = index(channel, k);
                sum += term.applyAsDouble(first[at], second[at]);
            }
            return sum;
        }
    }

    @Override
    public Work forward(Tensor y, Saved saved, Tensor a, Parameters parameters) {
        Channel channel = Channel.of(a.shape());
        int m = channel.count();
        return Work.of(() -> {
            double[] in = doubles(a);
            for (int c = 0; c < channel.channels(); c++) {
                double mean = channel.sum(c, in, in, (v, w) -> v) / m;
                double variance = channel.sum(c, in, in, (v, w) -> (v - mean) * (v - mean)) / m;
                doubles(saved.mean())[c] = mean;
                doubles(saved.variance())[c] = variance;
                normalize(doubles(y), in, channel, c, mean, variance, parameters);
                blend(doubles(parameters.runningMean()), c, mean);
                if (m > 1) {
                    blend(doubles(parameters.runningVariance()), c, variance * m / (m - 1));
                }
            }
        });
    }

    private static void blend(double[] running, int c, double value) {
        running[c] = (1 - MOMENTUM) * running[c] + MOMENTUM * value;
    }

    private static void normalize(
            double[] y, double[] a, Channel channel, int c, double mean, double variance, Parameters parameters) {
        double factor = doubles(parameters.scale())[c] / Math.sqrt(variance + EPSILON);
        double shift = doubles(parameters.shift())[c];
        for (int k = 0; k < channel.count(); k++) {
            int at = channel.index(c, k);
            y[at] = (a[at] - mean) * factor + shift;
        }
    }

    @Override
    public Work inference(Tensor y, Tensor a, Parameters parameters) {
        Channel channel = Channel.of(a.shape());
        return Work.of(() -> {
            for (int c = 0; c < channel.channels(); c++) {
                double mean = doubles(parameters.runningMean())[c];
                double variance = doubles(parameters.runningVariance())[c];
                normalize(doubles(y), doubles(a), channel, c, mean, variance, parameters);
            }
        });
    }

    @Override
    public Work gradient(
            Tensor da, Tensor dscale, Tensor dshift, Tensor dy, Tensor a, Parameters parameters, Saved saved) {
        Channel channel = Channel.of(a.shape());
        int m = channel.count();
        return Work.of(() -> {
            double[] in = doubles(a);
            double[] upstream = doubles(dy);
            double[] out = doubles(da);
            for (int c = 0; c < channel.channels(); c++) {
                double mean = doubles(saved.mean())[c];
                double inverse = 1 / Math.sqrt(doubles(saved.variance())[c] + EPSILON);
                double shift = channel.sum(c, upstream, in, (g, v) -> g);
                double scale = channel.sum(c, upstream, in, (g, v) -> g * (v - mean) * inverse);
                doubles(dshift)[c] = shift;
                doubles(dscale)[c] = scale;
                double factor = doubles(parameters.scale())[c] * inverse;
                for (int k = 0; k < m; k++) {
                    int at = channel.index(c, k);
                    double normalized = (in[at] - mean) * inverse;
                    out[at] = factor * (upstream[at] - shift / m - normalized * scale / m);
                }
            }
        });
    }
}
