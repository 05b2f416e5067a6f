package io.github.kib4j.reference;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A row-major tensor in a Java array: {@code double[]} for every floating type, else {@code long[], int[], byte[]}. */
final class ReferenceTensor implements Tensor {
    private final Owner owner;
    private final ReferenceTensor base;
    private final Shape shape;
    private final DataType type;
    private @Nullable Object array;

    /** Creates a tensor without memory. */
    ReferenceTensor(Owner owner, Shape shape, DataType type) {
        this.owner = owner;
        this.shape = shape;
        this.type = type;
        base = this;
    }

    private ReferenceTensor(ReferenceTensor base, Shape shape) {
        this.base = base;
        this.shape = shape;
        owner = base.owner;
        type = base.type;
    }

    /** Gives it an array, or takes it. */
    void setArray(@Nullable Object newArray) {
        array = newArray;
    }

    static double[] doubles(Tensor tensor) {
        return (double[]) of(tensor).open();
    }

    static long[] longs(Tensor tensor) {
        return (long[]) of(tensor).open();
    }

    static int[] ints(Tensor tensor) {
        return (int[]) of(tensor).open();
    }

    static byte[] bytes(Tensor tensor) {
        return (byte[]) of(tensor).open();
    }

    static ReferenceTensor of(Tensor tensor) {
        return (ReferenceTensor) tensor;
    }

    private Object open() {
        owner.checkOpen();
        if (base.array == null) {
            throw new IllegalStateException(
                    "A tensor of " + shape + " has no memory: it is a workspace's, whose program has not run.");
        }
        return base.array;
    }

    @Override
    public Owner owner() {
        return owner;
    }

    @Override
    public Tensor base() {
        return base;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public DataType type() {
        return type;
    }

    @Override
    public Tensor firstRows(int rows) {
        if (rows < 1 || rows > shape.extent(0)) {
            throw new IllegalArgumentException("A tensor of " + shape + " has no first " + rows + " rows.");
        }
        return rows == shape.extent(0) ? this : new ReferenceTensor(base, shape.withFirst(rows));
    }

    @Override
    public void write(double[] source) {
        checkWrite(source.length, type.isFloating());
        System.arraycopy(source, 0, doubles(this), 0, source.length);
    }

    @Override
    public void write(float[] source) {
        checkWrite(source.length, type.isFloating());
        double[] target = doubles(this);
        for (int i = 0; i < source.length; i++) {
            target[i] = source[i];
        }
    }

    @Override
    public void write(int[] source) {
        checkWrite(source.length, type == DataType.I32);
        System.arraycopy(source, 0, ints(this), 0, source.length);
    }

    @Override
    public void write(long[] source) {
        checkWrite(source.length, type == DataType.I64);
        System.arraycopy(source, 0, longs(this), 0, source.length);
    }

    @Override
    public void write(byte[] source) {
        checkWrite(source.length, type == DataType.U8);
        System.arraycopy(source, 0, bytes(this), 0, source.length);
    }

    private void checkWrite(int count, boolean fits) {
        if (count != shape.size() || !fits) {
            throw new IllegalArgumentException(
                    "Cannot write " + count + " numbers of that type into a " + type + " tensor of " + shape + ".");
        }
    }

    @Override
    public double[] readDoubles() {
        checkRead(type.isFloating());
        return java.util.Arrays.copyOf(doubles(this), size());
    }

    @Override
    public float[] readFloats() {
        checkRead(type.isFloating());
        double[] source = doubles(this);
        float[] result = new float[size()];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) source[i];
        }
        return result;
    }

    @Override
    public int[] readInts() {
        checkRead(type == DataType.I32);
        return java.util.Arrays.copyOf(ints(this), size());
    }

    @Override
    public long[] readLongs() {
        checkRead(type == DataType.I64);
        return java.util.Arrays.copyOf(longs(this), size());
    }

    @Override
    public byte[] readBytes() {
        checkRead(type == DataType.U8);
        return java.util.Arrays.copyOf(bytes(this), size());
    }

    private void checkRead(boolean fits) {
        if (!fits) {
            throw new IllegalArgumentException("A " + type + " tensor cannot be read so.");
        }
    }

    private int size() {
        return Math.toIntExact(shape.size());
    }
}
