package io.github.kib4j.op;

/** One planned computation on the tensors it was planned with. */
@FunctionalInterface
public interface Operation {
    /** Computes it, on the calling thread's device queue. */
    void run();
}
