package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tensors that an operation reads and writes, as they are named one by one; null stands for an argument that is not there. */
final class Touched {
    private final List<Tensor> reads = new ArrayList<>();
    private final List<Tensor> writes = new ArrayList<>();

    static Touched reads(@Nullable Tensor... tensors) {
        return new Touched().read(tensors);
    }

    Touched read(@Nullable Tensor... tensors) {
        add(reads, tensors);
        return this;
    }

    Touched writes(@Nullable Tensor... tensors) {
        add(writes, tensors);
        return this;
    }

    /** Adds what is read and changed. */
    Touched changes(@Nullable Tensor... tensors) {
        return read(tensors).writes(tensors);
    }

    /** Adds the sums that a loss is added to, and the fault that it may set. */
    Touched meter(@Nullable Meter meter) {
        return meter == null
                ? this
                : changes(meter.sums(), meter.clock().fault())
                        .read(meter.clock().now());
    }

    Touched teaching(Teaching teaching) {
        return read(teaching.tensor());
    }

    Operation operation(String name, Work work) {
        return new Operation(name, reads, writes, work);
    }

    List<Tensor> reads() {
        return reads;
    }

    List<Tensor> writes() {
        return writes;
    }

    private static void add(List<Tensor> list, @Nullable Tensor[] tensors) {
        for (Tensor tensor : tensors) {
            if (tensor != null) {
                list.add(tensor);
            }
        }
    }
}
