package io.github.kib4j.tensor;

/**
 * The owner of a set of tensors: they live until it is closed, and using one afterwards is an error.
 *
 * <p>There is no finalizer: what is not closed stays in its device's live-byte count.
 */
public interface Scope extends AutoCloseable {
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

    /**
     * {@return a tensor that may lie on the memory of another one of the same device: writing either leaves the other
     * undefined} For buffers whose lives do not overlap.
     *
     * @param memory a tensor of at least as many bytes; once its scope is closed, the result cannot be used either
     * @param type the element type
     * @param shape the extents
     */
    default Tensor overlay(Tensor memory, DataType type, Shape shape) {
        return allocate(type, shape);
    }

    /** Frees the memory of all its tensors; closing twice does nothing. */
    @Override
    void close();
}
