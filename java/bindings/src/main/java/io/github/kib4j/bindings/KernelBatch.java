package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/**
 * {@link BatchOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelBatch(KernelLibrary library) implements BatchOps<Work> {

    @Override
    public Work images(
            Tensor x, Tensor labels, Tensor images, Tensor allLabels, @Nullable Tensor order, Spec spec, Clock clock) {
        Shape shape = x.shape();
        DoublePointer mean = numbers(spec.mean());
        DoublePointer deviation = numbers(spec.deviation());
        int type = library.typeOf(x);
        int source = images.type() == DataType.U8 ? settings.KIB_U8 : library.typeOf(images);
        return library.kernel(library.kernels().augmentation_workspace(shape.extent(1)), (scratch, queue) -> {
            BytePointer out = library.bytes(x);
            IntPointer classes = library.ints(labels);
            BytePointer pixels = library.bytes(images);
            IntPointer allClasses = library.ints(allLabels);
            IntPointer sequence = library.intsOrNull(order);
            LongPointer now = library.longs(clock.now());
            return () -> library.kernels()
                    .augmentation_batch(
                            out,
                            classes,
                            pixels,
                            source,
                            allClasses,
                            sequence,
                            images.shape().extent(0),
                            type,
                            shape.extent(0),
                            shape.extent(1),
                            shape.extent(2),
                            shape.extent(3),
                            spec.padding(),
                            spec.mirror().ordinal(),
                            mean,
                            deviation,
                            spec.seed(),
                            now,
                            scratch,
                            queue);
        });
    }

    @Override
    public Work rows(Tensor out, Tensor all, @Nullable Tensor order, Clock clock) {
        long batch = out.shape().extent(0);
        long width = out.shape().extent(1);
        long count = all.shape().extent(0);
        long stride = all.shape().extent(1);
        return library.kernel(0, (scratch, queue) -> {
            FloatPointer to = library.floats(out);
            FloatPointer from = library.floats(all);
            IntPointer sequence = library.intsOrNull(order);
            LongPointer now = library.longs(clock.now());
            return () -> library.kernels().batch_rows(to, from, sequence, count, batch, width, stride, now, queue);
        });
    }

    @Override
    public Work mix(Tensor x, Tensor parts, Clock clock) {
        int type = library.typeOf(x);
        long batch = x.shape().extent(0);
        long size = x.shape().rowSize();
        long count = parts.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            BytePointer numbers = library.bytes(x);
            DoublePointer table = library.doubles(parts);
            LongPointer now = library.longs(clock.now());
            return () -> library.kernels().batch_mix(numbers, type, batch, size, table, count, now, queue);
        });
    }

    @Override
    public Work mixLabels(Tensor shares, Tensor labels, Tensor parts, Clock clock) {
        long batch = shares.shape().extent(0);
        long outputs = shares.shape().extent(1);
        long count = parts.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            FloatPointer out = library.floats(shares);
            IntPointer classes = library.ints(labels);
            DoublePointer table = library.doubles(parts);
            LongPointer now = library.longs(clock.now());
            return () -> library.kernels().batch_mix_labels(out, classes, batch, outputs, table, count, now, queue);
        });
    }

    private static DoublePointer numbers(List<Double> values) {
        return new DoublePointer(
                values.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
