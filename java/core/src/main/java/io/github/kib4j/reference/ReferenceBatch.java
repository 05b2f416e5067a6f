package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.bytes;
import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.ints;
import static io.github.kib4j.reference.ReferenceTensor.longs;

import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Philox;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** {@link BatchOps} in loops. */
record ReferenceBatch() implements BatchOps<Work> {

    /** How one image is moved. */
    private record Move(int dy, int dx, boolean mirrored) {
        static Move of(Spec spec, int image, int view, int epoch) {
            if (spec.padding() == 0 && spec.mirror() != Mirror.RANDOM) {
                return new Move(0, 0, spec.mirror() == Mirror.ALWAYS);
            }
            int[] words = new int[4];
            Philox.words(words, spec.seed(), image, epoch, view, Philox.AUGMENTATION);
            int range = 2 * spec.padding() + 1;
            return new Move(
                    Philox.below(words[0], range) - spec.padding(),
                    Philox.below(words[1], range) - spec.padding(),
                    spec.mirror() == Mirror.ALWAYS || (spec.mirror() == Mirror.RANDOM && (words[2] & 1) == 1));
        }
    }

    @Override
    public Work images(
            Tensor x, Tensor labels, Tensor images, Tensor allLabels, @Nullable Tensor order, Spec spec, Clock clock) {
        Shape shape = x.shape();
        return Work.of(() -> {
            long[] now = longs(clock.now());
            for (int j = 0; j < shape.extent(0); j++) {
                int at = (int) now[Clock.POSITION] + j;
                int entry = order == null ? at : ints(order)[at];
                int count = images.shape().extent(0);
                int image = entry % count;
                Move move = Move.of(spec, image, entry / count, (int) now[Clock.EPOCH]);
                ints(labels)[j] = ints(allLabels)[image];
                for (int c = 0; c < shape.extent(1); c++) {
                    copyPlane(doubles(x), j, values(images), image, c, shape, move, spec);
                }
            }
        });
    }

    private static IntToDoubleFunction values(Tensor images) {
        if (images.type() == DataType.U8) {
            byte[] bytes = bytes(images);
            return i -> (bytes[i] & 0xFF) / 255.0;
        }
        double[] numbers = doubles(images);
        return i -> numbers[i];
    }

    private static void copyPlane(
            double[] x, int sample, IntToDoubleFunction images, int image, int c, Shape shape, Move move, Spec spec) {
        int height = shape.extent(2);
        int width = shape.extent(3);
        int target = (sample * shape.extent(1) + c) * height * width;
        int source = (image * shape.extent(1) + c) * height * width;
        for (int h = 0; h < height; h++) {
            for (int w = 0; w < width; w++) {
                int row = h + move.dy();
                int column = (move.mirrored() ? width - 1 - w : w) + move.dx();
                boolean inside = row >= 0 && row < height && column >= 0 && column < width;
                double value = inside ? images.applyAsDouble(source + row * width + column) : 0;
                x[target + h * width + w] =
                        (value - spec.mean().get(c)) / spec.deviation().get(c);
            }
        }
    }

    @Override
    public Work rows(Tensor out, Tensor all, @Nullable Tensor order, Clock clock) {
        int width = out.shape().extent(1);
        int stride = all.shape().extent(1);
        return Work.of(() -> {
            int position = (int) longs(clock.now())[Clock.POSITION];
            for (int j = 0; j < out.shape().extent(0); j++) {
                int entry = order == null ? position + j : ints(order)[position + j];
                int row = entry % all.shape().extent(0);
                System.arraycopy(doubles(all), row * stride, doubles(out), j * width, width);
            }
        });
    }

    @Override
    public Work mix(Tensor x, Tensor parts, Clock clock) {
        int batch = x.shape().extent(0);
        int size = x.shape().rowSize();
        return Work.of(() -> {
            double part = part(parts, clock);
            double[] numbers = doubles(x);
            for (int j = 0; j < batch / 2; j++) {
                for (int i = 0; i < size; i++) {
                    int first = j * size + i;
                    int second = (batch - 1 - j) * size + i;
                    double a = numbers[first];
                    double b = numbers[second];
                    numbers[first] = part * a + (1 - part) * b;
                    numbers[second] = part * b + (1 - part) * a;
                }
            }
        });
    }

    @Override
    public Work mixLabels(Tensor shares, Tensor labels, Tensor parts, Clock clock) {
        int batch = shares.shape().extent(0);
        int outputs = shares.shape().extent(1);
        return Work.of(() -> {
            double part = part(parts, clock);
            double[] rows = doubles(shares);
            Arrays.fill(rows, 0);
            for (int j = 0; j < batch; j++) {
                rows[j * outputs + ints(labels)[j]] += part;
                rows[j * outputs + ints(labels)[batch - 1 - j]] += 1 - part;
            }
        });
    }

    /** Returns how much of a sample is its own in this step. */
    private static double part(Tensor parts, Clock clock) {
        double[] all = doubles(parts);
        return all[(int) Math.min(longs(clock.now())[Clock.EPOCH_STEP], all.length - 1)];
    }
}
