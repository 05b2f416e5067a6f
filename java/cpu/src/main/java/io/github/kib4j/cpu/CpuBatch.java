package io.github.kib4j.cpu;

import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/** {@link BatchOps} by the kernels of {@code native/src/cpu/batch.cpp}. */
record CpuBatch(kib_queue queue) implements BatchOps<Work> {

    @Override
    public Work images(
            Tensor x, Tensor labels, Tensor images, Tensor allLabels, @Nullable Tensor order, Spec spec, Clock clock) {
        Shape shape = x.shape();
        DoublePointer mean = numbers(spec.mean());
        DoublePointer deviation = numbers(spec.deviation());
        int type = CpuTensor.typeOf(x);
        return CpuWork.kernel(kib.kib_augmentation_workspace(shape.extent(1)), scratch -> {
            BytePointer out = CpuTensor.bytes(x);
            IntPointer classes = CpuTensor.ints(labels);
            BytePointer pixels = CpuTensor.bytes(images);
            IntPointer allClasses = CpuTensor.ints(allLabels);
            IntPointer sequence = order == null ? null : CpuTensor.ints(order);
            LongPointer now = CpuTensor.longs(clock.now());
            return () -> kib.kib_augmentation_batch(
                    out,
                    classes,
                    pixels,
                    allClasses,
                    sequence,
                    type,
                    shape.extent(0),
                    shape.extent(1),
                    shape.extent(2),
                    shape.extent(3),
                    spec.padding(),
                    spec.flip() ? 1 : 0,
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
        long stride = all.shape().extent(1);
        return CpuWork.kernel(0, scratch -> {
            FloatPointer to = CpuTensor.floats(out);
            FloatPointer from = CpuTensor.floats(all);
            IntPointer sequence = order == null ? null : CpuTensor.ints(order);
            LongPointer now = CpuTensor.longs(clock.now());
            return () -> kib.kib_batch_rows(to, from, sequence, batch, width, stride, now, queue);
        });
    }

    private static DoublePointer numbers(List<Double> values) {
        return new DoublePointer(
                values.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
