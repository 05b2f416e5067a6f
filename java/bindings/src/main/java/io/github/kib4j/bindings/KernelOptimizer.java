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
    public Work average(List<Averaged> arrays, double decay, Clock clock) {
        LongPointer sizes = new LongPointer(
                arrays.stream().mapToLong(array -> array.value().shape().size()).toArray());
        int count = arrays.size();
        return library.kernel(0, (scratch, queue) -> {
            PointerPointer<BytePointer> averages = pointers(arrays, Averaged::average);
            PointerPointer<BytePointer> values = pointers(arrays, Averaged::value);
            LongPointer now = library.longs(clock.now());
            LongPointer fault = library.longs(clock.fault());
            return () -> library.kernels().optimizer_average(averages, values, sizes, count, decay, now, fault, queue);
        });
    }

    @Override
    public Work combine(Tensor out, double alpha, Tensor x, double beta, Tensor y, @Nullable Clock clock) {
        long size = out.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            FloatPointer to = library.floats(out);
            FloatPointer first = library.floats(x);
            FloatPointer second = library.floats(y);
            LongPointer fault = clock == null ? null : library.longs(clock.fault());
            return () -> library.kernels().optimizer_combine(to, alpha, first, beta, second, size, fault, queue);
        });
    }

    @Override
    public Work normalize(Tensor out, Tensor x, double epsilon) {
        long size = x.shape().size();
        return library.kernel(library.kernels().optimizer_normalize_workspace(size), (scratch, queue) -> {
            FloatPointer to = library.floats(out);
            FloatPointer from = library.floats(x);
            return () -> library.kernels().optimizer_normalize(to, from, epsilon, size, scratch, queue);
        });
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

    private <T> PointerPointer<BytePointer> pointers(List<T> arrays, Function<T, @Nullable Tensor> choice) {
        PointerPointer<BytePointer> pointers = new PointerPointer<>(Math.max(1, arrays.size()));
        for (int i = 0; i < arrays.size(); i++) {
            pointers.put(i, library.bytesOrNull(choice.apply(arrays.get(i))));
        }
        return pointers;
    }
}
