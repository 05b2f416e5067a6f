package io.github.kib4j.tensor;

/**
 * The owner of a set of tensors: they live until it is closed, and using one afterwards is an error.
 *
 * <p>There is no finalizer: what is not closed stays in its device's live-byte count, under the scope's name.
 */
public interface Scope extends Owner, AutoCloseable {
    /** {@return what its tensors are for, in a word or two: for people who look for what still lives} */
    String name();

    /**
     * {@return a new tensor, all zero}
     *
     * <p>A device that has only one floating type may answer with that type instead of the wanted one.
     *
     * @param type the element type
     * @param shape the extents
     * @throws OutOfDeviceMemoryException if the device has no room for it
     * @throws IllegalStateException if the scope or its device is closed
     */
    Tensor allocate(DataType type, Shape shape);

    /** {@return the bytes of what it has allocated} */
    long bytes();

    /** Frees the memory of all its tensors; closing twice does nothing. */
    @Override
    void close();
}
