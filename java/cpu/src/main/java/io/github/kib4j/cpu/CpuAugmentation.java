package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.AugmentationOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/** {@link AugmentationOps} by the kernels of {@code native/src/cpu/step.cpp}. */
record CpuAugmentation(CpuContext context) implements AugmentationOps {

    @Override
    public Operation batch(
            Tensor x, Tensor labels, Tensor images, Tensor allLabels, @Nullable Tensor order, Spec spec, Clock clock) {
        Contracts.augmentation(x, labels, images, allLabels, order, spec, clock);
        Shape shape = x.shape();
        BytePointer out = CpuTensor.bytes(x);
        IntPointer classes = CpuTensor.ints(labels);
        BytePointer pixels = CpuTensor.bytes(images);
        IntPointer allClasses = CpuTensor.ints(allLabels);
        IntPointer sequence = order == null ? null : CpuTensor.ints(order);
        DoublePointer mean = numbers(spec.mean());
        DoublePointer deviation = numbers(spec.deviation());
        LongPointer now = CpuTensor.longs(clock.now());
        int type = CpuTensor.typeOf(x);
        context.scratch().reserve(kib.kib_augmentation_workspace(shape.extent(1)));
        return context.kernel(
                "augmentation.batch",
                () -> kib.kib_augmentation_batch(
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
                        context.scratch().start(),
                        context.threads()));
    }

    private static DoublePointer numbers(List<Double> values) {
        return new DoublePointer(
                values.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
