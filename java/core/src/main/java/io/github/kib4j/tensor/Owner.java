package io.github.kib4j.tensor;

/** Whose a tensor is: with its end the tensor ends. */
public interface Owner {
    /**
     * Checks that its tensors may be used.
     *
     * @throws IllegalStateException if it is closed
     */
    void checkOpen();
}
