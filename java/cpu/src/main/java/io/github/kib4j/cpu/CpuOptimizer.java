package io.github.kib4j.cpu;

import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/** {@link OptimizerOps} by the kernels of {@code native/src/cpu/optimizer.cpp}: all parameters in one call. */
record CpuOptimizer(kib_queue queue) implements OptimizerOps<Work> {

    @Override
    public Work step(Spec spec, List<Slot> slots, Tensor learningRates, Clock clock) {
        LongPointer sizes = new LongPointer(slots.stream()
                .mapToLong(slot -> slot.parameter().shape().size())
                .toArray());
        int count = slots.size();
        long steps = learningRates.shape().size();
        return CpuWork.kernel(0, scratch -> {
            PointerPointer<BytePointer> parameters = pointers(slots, Slot::parameter);
            PointerPointer<BytePointer> rounded = pointers(slots, Slot::rounded);
            PointerPointer<BytePointer> gradients = pointers(slots, Slot::gradient);
            PointerPointer<BytePointer> first = pointers(slots, Slot::first);
            PointerPointer<BytePointer> second = pointers(slots, Slot::second);
            DoublePointer rates = CpuTensor.doubles(learningRates);
            LongPointer now = CpuTensor.longs(clock.now());
            LongPointer fault = CpuTensor.longs(clock.fault());
            if (spec instanceof Sgd sgd) {
                return () -> kib.kib_optimizer_sgd(
                        parameters,
                        rounded,
                        gradients,
                        first,
                        sizes,
                        count,
                        sgd.momentum(),
                        sgd.weightDecay(),
                        rates,
                        steps,
                        now,
                        fault,
                        queue);
            }
            Adam adam = (Adam) spec;
            return () -> kib.kib_optimizer_adam(
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
                    rates,
                    steps,
                    now,
                    fault,
                    queue);
        });
    }

    @Override
    public Work round(Tensor rounded, Tensor value) {
        return Emulation.narrow(rounded, value, queue);
    }

    private static PointerPointer<BytePointer> pointers(List<Slot> slots, Function<Slot, @Nullable Tensor> choice) {
        PointerPointer<BytePointer> pointers = new PointerPointer<>(Math.max(1, slots.size()));
        for (int i = 0; i < slots.size(); i++) {
            pointers.put(i, CpuTensor.bytesOrNull(choice.apply(slots.get(i))));
        }
        return pointers;
    }
}
