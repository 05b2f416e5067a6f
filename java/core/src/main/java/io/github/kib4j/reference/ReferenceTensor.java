package io.github.kib4j.reference;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;

/** A row-major tensor in a Java array: {@code double[]} for every floating type, else {@code long[], int[], byte[]}. */
final class ReferenceTensor implements Tensor {
    private final ReferenceScope scope;
    private final Shape shape;
    private final DataType type;
    private final Object array;

    ReferenceTensor(ReferenceScope scope, Shape shape, DataType type, Object array) {
        this.scope = scope;
        this.shape = shape;
        this.type = type;
        this.array = array;
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

    private static ReferenceTensor of(Tensor tensor) {
        if (tensor instanceof ReferenceTensor own) {
            return own;
        }
        throw new IllegalArgumentException("The reference device cannot use a tensor of another device.");
    }

    private Object open() {
        scope.checkOpen();
        return array;
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
        return rows == shape.extent(0) ? this : new ReferenceTensor(scope, shape.withFirst(rows), type, array);
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
