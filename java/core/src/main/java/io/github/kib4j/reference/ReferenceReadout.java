package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.ints;

import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link ReadoutOps} in loops. */
record ReferenceReadout() implements ReadoutOps<Work> {
    @Override
    public Work crossEntropy(
            @Nullable Tensor dy,
            Tensor y,
            Tensor wanted,
            double smoothing,
            @Nullable Tensor weights,
            @Nullable Meter meter) {
        int batch = y.shape().extent(0);
        int outputs = y.shape().extent(1);
        return Work.of(() -> {
            double[] logits = doubles(y);
            double[] p = wanted.shape().rank() == 1 ? oneHot(ints(wanted), outputs) : doubles(wanted);
            double[] w = new double[outputs];
            Arrays.fill(w, 1);
            if (weights != null) {
                double scale = wanted.shape().rank() == 1 ? scale(ints(wanted), doubles(weights)) : 1;
                Arrays.setAll(w, m -> doubles(weights)[m] * scale);
            }
            double loss = 0;
            for (int b = 0; b < batch; b++) {
                int largest = largest(logits, b * outputs, outputs);
                double sum = 0;
                for (int m = 0; m < outputs; m++) {
                    sum += Math.exp(logits[b * outputs + m] - logits[b * outputs + largest]);
                }
                double all = 0;
                for (int m = 0; m < outputs; m++) {
                    all += w[m] * ((1 - smoothing) * p[b * outputs + m] + smoothing / outputs);
                }
                loss += all * Math.log(sum);
                for (int m = 0; m < outputs; m++) {
                    double below = logits[b * outputs + largest] - logits[b * outputs + m];
                    double q = w[m] * ((1 - smoothing) * p[b * outputs + m] + smoothing / outputs);
                    loss += q == 0 ? 0 : q * below;
                    if (dy != null) {
                        doubles(dy)[b * outputs + m] = (all * Math.exp(-below) / sum - q) / batch;
                    }
                }
                if (meter != null && meter.correct() != Meter.NOWHERE) {
                    doubles(meter.sums())[meter.correct()] += largest == largest(p, b * outputs, outputs) ? 1 : 0;
                }
            }
            if (meter != null) {
                ReferenceObjective.addUp(meter, loss);
            }
        });
    }

    /** Returns by what weights are multiplied so that those of the labels are 1 in the mean. */
    private static double scale(int[] labels, double[] weights) {
        return labels.length
                / Arrays.stream(labels).mapToDouble(label -> weights[label]).sum();
    }

    private static double[] oneHot(int[] labels, int outputs) {
        double[] rows = new double[labels.length * outputs];
        for (int b = 0; b < labels.length; b++) {
            rows[b * outputs + labels[b]] = 1;
        }
        return rows;
    }

    @Override
    public Work add(Tensor y, Tensor x) {
        return Work.of(() -> {
            double[] terms = doubles(x);
            double[] sums = doubles(y);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += terms[i];
            }
        });
    }

    @Override
    public Work averagePool(Tensor y, Tensor x) {
        return Work.of(() -> {
            double[] in = doubles(x);
            double[] out = doubles(y);
            Arrays.fill(out, 0);
            forWindows(y.shape(), x.shape(), (at, from, size) -> out[at] += in[from] / size);
        });
    }

    @Override
    public Work averagePoolGradient(Tensor dx, Tensor dy) {
        return Work.of(() -> {
            double[] in = doubles(dy);
            double[] out = doubles(dx);
            Arrays.fill(out, 0);
            forWindows(dy.shape(), dx.shape(), (at, from, size) -> out[from] += in[at] / size);
        });
    }

    /** One position of an image in one window of it. */
    private interface Visitor {
        /**
         * Visits.
         *
         * @param window its index among all windows
         * @param position its index among all positions
         * @param size positions of the window
         */
        void visit(int window, int position, int size);
    }

    private static void forWindows(Shape windows, Shape image, Visitor visitor) {
        int rows = windows.extent(2);
        int columns = windows.extent(3);
        int height = image.extent(2);
        int width = image.extent(3);
        for (int at = 0; at < windows.size(); at++) {
            int plane = at / (rows * columns);
            int i = at / columns % rows;
            int j = at % columns;
            int top = start(i, height, rows);
            int left = start(j, width, columns);
            int bottom = end(i, height, rows);
            int right = end(j, width, columns);
            for (int h = top; h < bottom; h++) {
                for (int w = left; w < right; w++) {
                    visitor.visit(at, (plane * height + h) * width + w, (bottom - top) * (right - left));
                }
            }
        }
    }

    /** Returns {@code floor(i size / windows)}. */
    private static int start(int i, int size, int windows) {
        return i * size / windows;
    }

    /** Returns {@code ceil((i+1) size / windows)}. */
    private static int end(int i, int size, int windows) {
        return ((i + 1) * size + windows - 1) / windows;
    }

    private static int largest(double[] logits, int start, int count) {
        int best = 0;
        for (int m = 1; m < count; m++) {
            if (logits[start + m] > logits[start + best]) {
                best = m;
            }
        }
        return best;
    }
}
