package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/** {@link OptimizerOps} by the kernels of {@code native/src/cpu/optimizer.cpp}: all parameters in one call. */
record CpuOptimizer(CpuContext context) implements OptimizerOps {

    @Override
    public Operation step(Spec spec, List<Slot> slots, Tensor learningRate, Clock clock) {
        Contracts.optimizerStep(spec, slots, learningRate, clock);
        PointerPointer<BytePointer> parameters = pointers(slots, Slot::parameter);
        PointerPointer<BytePointer> rounded = pointers(slots, Slot::rounded);
        PointerPointer<BytePointer> gradients = pointers(slots, Slot::gradient);
        PointerPointer<BytePointer> first = pointers(slots, Slot::first);
        PointerPointer<BytePointer> second = pointers(slots, Slot::second);
        LongPointer sizes = new LongPointer(slots.stream()
                .mapToLong(slot -> slot.parameter().shape().size())
                .toArray());
        DoublePointer rate = CpuTensor.doubles(learningRate);
        LongPointer now = CpuTensor.longs(clock.now());
        LongPointer fault = CpuTensor.longs(clock.fault());
        int count = slots.size();
        int threads = context.threads();
        if (spec instanceof Sgd sgd) {
            return context.kernel(
                    "optimizer.step",
                    () -> kib.kib_optimizer_sgd(
                            parameters,
                            rounded,
                            gradients,
                            first,
                            sizes,
                            count,
                            sgd.momentum(),
                            sgd.weightDecay(),
                            rate,
                            fault,
                            threads));
        }
        Adam adam = (Adam) spec;
        return context.kernel(
                "optimizer.step",
                () -> kib.kib_optimizer_adam(
                        parameters,
                        rounded,
                        gradients,
                        first,
                        second,
                        sizes,
                        count,
                        adam.beta1(),
                        adam.beta2(),
                        adam.epsilon(),
                        adam.weightDecay(),
                        adam.decoupled() ? 1 : 0,
                        rate,
                        now,
                        fault,
                        threads));
    }

    @Override
    public Operation round(Tensor rounded, Tensor value) {
        Contracts.rounding("optimizer.round", rounded, value);
        BytePointer to = CpuTensor.bytes(rounded);
        FloatPointer from = CpuTensor.floats(value);
        long size = value.shape().size();
        return context.kernel(
                "optimizer.round", () -> kib.kib_layout_narrow(to, from, kib.KIB_BF16, size, context.threads()));
    }

    private static PointerPointer<BytePointer> pointers(List<Slot> slots, Function<Slot, @Nullable Tensor> choice) {
        PointerPointer<BytePointer> pointers = new PointerPointer<>(Math.max(1, slots.size()));
        for (int i = 0; i < slots.size(); i++) {
            pointers.put(i, CpuTensor.bytesOrNull(choice.apply(slots.get(i))));
        }
        return pointers;
    }
}
