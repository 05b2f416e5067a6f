package io.github.kib4j.tensor;

/** Whose a tensor is: with its end the tensor ends. */
public interface Owner {
    /**
     * Checks that its tensors may be used.
     *
     * @throws IllegalStateException if it is closed
     */
    void checkOpen();

    /** {@return whether its tensors have a size and no memory, ever: what is planned on them is measured, and not run} */
    default boolean isDry() {
        return false;
    }
}
