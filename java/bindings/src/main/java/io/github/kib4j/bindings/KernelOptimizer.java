package io.github.kib4j.bindings;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * {@link OptimizerOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelOptimizer(KernelLibrary library) implements OptimizerOps<Work> {

    @Override
    public Work step(Spec spec, List<Slot> slots, Tensor learningRates, Clock clock) {
        LongPointer sizes = new LongPointer(slots.stream()
                .mapToLong(slot -> slot.parameter().shape().size())
                .toArray());
        int count = slots.size();
        long steps = learningRates.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            PointerPointer<BytePointer> parameters = pointers(slots, Slot::parameter);
            PointerPointer<BytePointer> rounded = pointers(slots, Slot::rounded);
            PointerPointer<BytePointer> gradients = pointers(slots, Slot::gradient);
            PointerPointer<BytePointer> first = pointers(slots, Slot::first);
            PointerPointer<BytePointer> second = pointers(slots, Slot::second);
            DoublePointer rates = library.doubles(learningRates);
            LongPointer now = library.longs(clock.now());
            LongPointer fault = library.longs(clock.fault());
            if (spec instanceof Sgd sgd) {
                return () -> library.kernels()
                        .optimizer_sgd(
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
            return () -> library.kernels()
                    .optimizer_adam(
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
        return library.narrow(rounded, value);
    }

    @Override
    public Work sign(Tensor sign, Tensor value) {
        int type = library.typeOf(sign);
        long size = value.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            BytePointer to = library.bytes(sign);
            FloatPointer from = library.floats(value);
            return () -> library.kernels().optimizer_sign(to, type, from, size, queue);
        });
    }

    private PointerPointer<BytePointer> pointers(List<Slot> slots, Function<Slot, @Nullable Tensor> choice) {
        PointerPointer<BytePointer> pointers = new PointerPointer<>(Math.max(1, slots.size()));
        for (int i = 0; i < slots.size(); i++) {
            pointers.put(i, library.bytesOrNull(choice.apply(slots.get(i))));
        }
        return pointers;
    }
}
