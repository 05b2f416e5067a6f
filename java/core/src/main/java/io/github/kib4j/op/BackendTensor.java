package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What tensors of all backends share: extents, owner, and checks of what is copied. */
public abstract class BackendTensor implements Tensor {
    private final Owner owner;
    private final DataType type;
    private final Shape shape;

    /**
     * Creates a tensor, which has no memory yet.
     *
     * @param owner its scope
     * @param type the element type
     * @param shape the extents
     */
    protected BackendTensor(Owner owner, DataType type, Shape shape) {
        this.owner = owner;
        this.type = type;
        this.shape = shape;
    }

    /**
     * Copies an array of Java into the tensor.
     *
     * @param array as many numbers as the tensor has, of its type; {@code double[]} or {@code float[]} for one of less than double
     *     precision
     */
    protected abstract void copyFrom(Object array);

    /**
     * Copies the tensor into an array of Java.
     *
     * @param array as for {@link #copyFrom}
     */
    protected abstract void copyTo(Object array);

    /**
     * {@return the memory, if its owner is open and it has been given some}
     *
     * @param memory of the tensor; null for none
     * @param <T> how a backend knows memory
     * @throws IllegalStateException if not
     */
    protected final <T> T requireMemory(@Nullable T memory) {
        owner.checkOpen();
        if (memory == null) {
            throw new IllegalStateException(
                    "A tensor of " + shape + " has no memory now: it is a workspace's, whose program has not run or has"
                            + " given its memory to another, or of a scope for planning alone.");
        }
        return memory;
    }

    @Override
    public final Shape shape() {
        return shape;
    }

    @Override
    public final DataType type() {
        return type;
    }

    @Override
    public final Owner owner() {
        return owner;
    }

    private void write(Object array, int count, boolean fits) {
        if (count != shape.size() || !fits) {
            throw new IllegalArgumentException(
                    "Cannot write " + count + " numbers of that type into a " + type + " tensor of " + shape + ".");
        }
        copyFrom(array);
    }

    @Override
    public final void write(double[] source) {
        write(source, source.length, type.isFloating());
    }

    @Override
    public final void write(float[] source) {
        if (type == DataType.F64) {
            write(IntStream.range(0, source.length).mapToDouble(i -> source[i]).toArray());
        } else {
            write(source, source.length, type.isFloating());
        }
    }

    @Override
    public final void write(int[] source) {
        write(source, source.length, type == DataType.I32);
    }

    @Override
    public final void write(long[] source) {
        write(source, source.length, type == DataType.I64);
    }

    @Override
    public final void write(byte[] source) {
        write(source, source.length, type == DataType.U8);
    }

    private <T> T read(T array, boolean fits) {
        if (!fits) {
            throw new IllegalArgumentException("A " + type + " tensor cannot be read so.");
        }
        copyTo(array);
        return array;
    }

    private int size() {
        return Math.toIntExact(shape.size());
    }

    @Override
    public final double[] readDoubles() {
        return read(new double[size()], type.isFloating());
    }

    @Override
    public final float[] readFloats() {
        float[] result = new float[size()];
        if (type != DataType.F64) {
            return read(result, type.isFloating());
        }
        double[] wide = readDoubles();
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) wide[i];
        }
        return result;
    }

    @Override
    public final int[] readInts() {
        return read(new int[size()], type == DataType.I32);
    }

    @Override
    public final long[] readLongs() {
        return read(new long[size()], type == DataType.I64);
    }

    @Override
    public final byte[] readBytes() {
        return read(new byte[size()], type == DataType.U8);
    }
}
