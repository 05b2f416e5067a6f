package io.github.kib4j.tensor;

/**
 * An array of numbers on a device.
 *
 * <p>Its elements are addressed in row-major order of its {@link #shape()}: that order has the meaning {@code C,H,W} for the
 * trailing extents of a four-dimensional tensor, is the order of checkpoints, of random numbers and of groups, and is what
 * {@code write} and {@code read} use. How a backend stores a tensor is its own affair (accelerated backends store
 * four-dimensional tensors channels-last); two tensors of one device with equal shapes are stored alike.
 *
 * <p>{@code write} and {@code read} copy between host and device and wait for the device; neither belongs in a training
 * step. They convert between element types (to {@link DataType#BF16} by rounding to nearest even).
 */
public interface Tensor {
    /** {@return the extents} */
    Shape shape();

    /** {@return the element type} */
    DataType type();

    /** {@return the scope whose end is the end of this tensor} */
    Owner owner();

    /** {@return how many bytes its numbers take} */
    default long bytes() {
        return Math.multiplyExact(shape().size(), type().bytes());
    }

    /**
     * Copies numbers into this tensor.
     *
     * @param source as many numbers as the tensor has elements, row-major
     * @throws IllegalArgumentException if the count differs or the type is not floating
     */
    void write(double[] source);

    /**
     * Copies numbers into this floating tensor; see {@link #write(double[])}.
     *
     * @param source as many numbers as the tensor has elements, row-major
     */
    void write(float[] source);

    /**
     * Copies integers into this {@link DataType#I32} tensor.
     *
     * @param source as many numbers as the tensor has elements, row-major
     */
    void write(int[] source);

    /**
     * Copies integers into this {@link DataType#I64} tensor.
     *
     * @param source as many numbers as the tensor has elements, row-major
     */
    void write(long[] source);

    /**
     * Copies bytes into this {@link DataType#U8} tensor.
     *
     * @param source as many numbers as the tensor has elements, row-major
     */
    void write(byte[] source);

    /** {@return the elements of a floating tensor, row-major} */
    double[] readDoubles();

    /** {@return the elements of a floating tensor, row-major, rounded to single precision} */
    float[] readFloats();

    /** {@return the elements of an {@link DataType#I32} tensor, row-major} */
    int[] readInts();

    /** {@return the elements of an {@link DataType#I64} tensor, row-major} */
    long[] readLongs();

    /** {@return the elements of a {@link DataType#U8} tensor, row-major} */
    byte[] readBytes();
}
