package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A backend's part of an operation. Kernels are chosen when it is planned, by types, shapes and settings; where its tensors lie is
 * known when it is bound, and may be another place when it is bound again.
 */
public interface Work {
    /** {@return the bytes of scratch memory that it needs while it runs} */
    default long scratchBytes() {
        return 0;
    }

    /**
     * {@return whether it computes on the calling thread, with {@link Tensor#readDoubles} and the like} A device that runs behind the
     * host waits for what it reads, and for what it wrote: a step with such work is slow there, and right.
     */
    default boolean isHost() {
        return false;
    }

    /**
     * {@return what runs it: on the memory that its tensors have now, allocating nothing and waiting for nothing}
     *
     * @param place where it runs
     */
    Runnable bind(Place place);

    /**
     * Where work runs.
     *
     * @param scratch U8, at least {@code scratchBytes}, undefined before and after; null if it needs none
     * @param lane the queue that it runs on
     */
    record Place(@Nullable Tensor scratch, Lane lane) {}

    /**
     * {@return work of the calling thread that needs no scratch memory}
     *
     * @param run asks its tensors for their memory whenever it runs
     */
    static Work of(Runnable run) {
        return new Work() {
            @Override
            public Runnable bind(Place place) {
                return run;
            }

            @Override
            public boolean isHost() {
                return true;
            }
        };
    }
}
