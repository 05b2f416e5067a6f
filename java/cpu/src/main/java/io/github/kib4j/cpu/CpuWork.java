package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Work;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/** Work of this backend: whatever it hands to native code is made when it is bound, and held by what binding returns. */
record CpuWork(long scratchBytes, Binder<Runnable> binder) implements Work {
    /** Makes what runs, on tensors where they lie now and scratch memory from its start; null if there is none. */
    interface Binder<T> {
        T bind(@Nullable BytePointer scratch);
    }

    /** A call of a native function. */
    interface Kernel {
        /** Returns its status. */
        int run();
    }

    /** Throws what a native function refused. */
    static void check(int status) {
        if (status == kib.KIB_OK) {
            return;
        }
        String sentence = "The cpu device's kernels " + kib.kib_last_error().getString() + ".";
        throw status == kib.KIB_UNSUPPORTED_TYPE || status == kib.KIB_BAD_ARGUMENT
                ? new IllegalArgumentException(sentence)
                : new IllegalStateException(sentence);
    }

    /** Returns one of the project's own kernels as work. */
    static Work kernel(long scratchBytes, Binder<Kernel> binder) {
        return new CpuWork(scratchBytes, scratch -> {
            Kernel kernel = binder.bind(scratch);
            return () -> check(kernel.run());
        });
    }

    @Override
    public Runnable bind(Place place) {
        return binder.bind(CpuTensor.bytesOrNull(place.scratch()));
    }

    /**
     * Several works as one, each on the whole scratch memory.
     *
     * @param parts in their order
     */
    record Sequence(List<Work> parts) implements Work {
        @Override
        public long scratchBytes() {
            return parts.stream().mapToLong(Work::scratchBytes).max().orElse(0);
        }

        @Override
        public Runnable bind(Place place) {
            Runnable[] all = parts.stream().map(part -> part.bind(place)).toArray(Runnable[]::new);
            return () -> {
                for (Runnable part : all) {
                    part.run();
                }
            };
        }
    }
}
