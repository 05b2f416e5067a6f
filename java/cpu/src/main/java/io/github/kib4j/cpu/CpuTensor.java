package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/** A tensor in native memory: four-dimensional ones {@code [B, H, W, C]}, others row-major. */
final class CpuTensor implements Tensor {
    private final CpuScope scope;
    /** Whose memory it lies on: the scope's own, or that of another tensor's scope. */
    private final CpuScope owner;

    private final Shape shape;
    private final DataType type;
    private final BytePointer data;

    CpuTensor(CpuScope scope, CpuScope owner, Shape shape, DataType type, BytePointer data) {
        this.scope = scope;
        this.owner = owner;
        this.shape = shape;
        this.type = type;
        this.data = data;
    }

    static CpuTensor of(Tensor tensor) {
        if (tensor instanceof CpuTensor own) {
            return own;
        }
        throw new IllegalArgumentException("The cpu device cannot use a tensor of another device.");
    }

    /** Returns where the numbers lie. */
    BytePointer data() {
        scope.checkOpen();
        owner.checkOpen();
        return data;
    }

    /** Returns the scope whose end is the end of this tensor's memory. */
    CpuScope owner() {
        return owner;
    }

    /** Returns the scope that gave this tensor. */
    CpuScope scope() {
        return scope;
    }

    static BytePointer bytes(Tensor tensor) {
        return of(tensor).data();
    }

    static @Nullable BytePointer bytesOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : bytes(tensor);
    }

    static FloatPointer floats(Tensor tensor) {
        if (tensor.type() == DataType.F64) {
            numbers(DataType.F64);
        }
        return new FloatPointer(bytes(tensor));
    }

    static @Nullable FloatPointer floatsOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : floats(tensor);
    }

    static DoublePointer doubles(Tensor tensor) {
        return new DoublePointer(bytes(tensor));
    }

    static @Nullable DoublePointer doublesOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : doubles(tensor);
    }

    static IntPointer ints(Tensor tensor) {
        return new IntPointer(bytes(tensor));
    }

    static LongPointer longs(Tensor tensor) {
        return new LongPointer(bytes(tensor));
    }

    /** Returns the number by which the kernels know an activation's type. */
    static int typeOf(Tensor tensor) {
        return numbers(tensor.type()) == DataType.BF16 ? kib.KIB_BF16 : kib.KIB_F32;
    }

    /** Returns the type, if it is one that activations and weights may have here. */
    static DataType numbers(DataType type) {
        if (type != DataType.F32 && type != DataType.BF16) {
            throw new IllegalArgumentException(
                    "The cpu device computes with F32 and BF16 activations and weights, not with " + type
                            + "; allocate them so, or open the reference device, which computes in double.");
        }
        return type;
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
        return rows == shape.extent(0) ? this : new CpuTensor(scope, owner, shape.withFirst(rows), type, data);
    }

    // Storage as [outer, P, C] of logical [outer, C, P].

    private boolean channelsLast() {
        return shape.rank() == 4;
    }

    private long outer() {
        return channelsLast() ? shape.extent(0) : 1;
    }

    private long channels() {
        return channelsLast() ? shape.extent(1) : 1;
    }

    private long positions() {
        return shape.size() / outer() / channels();
    }

    @Override
    public void write(double[] source) {
        checkWrite(source.length, type.isFloating());
        if (type == DataType.F64) {
            doubles(this).put(source, 0, source.length);
        } else {
            kib.kib_layout_write_f64(data(), source, typeOf(this), outer(), channels(), positions());
        }
    }

    @Override
    public void write(float[] source) {
        if (type == DataType.F64) {
            double[] wide = new double[source.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = source[i];
            }
            write(wide);
            return;
        }
        checkWrite(source.length, type.isFloating());
        kib.kib_layout_write_f32(data(), source, typeOf(this), outer(), channels(), positions());
    }

    @Override
    public void write(int[] source) {
        checkWrite(source.length, type == DataType.I32);
        ints(this).put(source, 0, source.length);
    }

    @Override
    public void write(long[] source) {
        checkWrite(source.length, type == DataType.I64);
        longs(this).put(source, 0, source.length);
    }

    @Override
    public void write(byte[] source) {
        checkWrite(source.length, type == DataType.U8);
        kib.kib_layout_write_u8(data(), source, outer(), channels(), positions());
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
        double[] result = new double[size()];
        if (type == DataType.F64) {
            doubles(this).get(result, 0, result.length);
        } else {
            kib.kib_layout_read_f64(result, data(), typeOf(this), outer(), channels(), positions());
        }
        return result;
    }

    @Override
    public float[] readFloats() {
        if (type == DataType.F64) {
            double[] wide = readDoubles();
            float[] result = new float[wide.length];
            for (int i = 0; i < result.length; i++) {
                result[i] = (float) wide[i];
            }
            return result;
        }
        checkRead(type.isFloating());
        float[] result = new float[size()];
        kib.kib_layout_read_f32(result, data(), typeOf(this), outer(), channels(), positions());
        return result;
    }

    @Override
    public int[] readInts() {
        checkRead(type == DataType.I32);
        int[] result = new int[size()];
        ints(this).get(result, 0, result.length);
        return result;
    }

    @Override
    public long[] readLongs() {
        checkRead(type == DataType.I64);
        long[] result = new long[size()];
        longs(this).get(result, 0, result.length);
        return result;
    }

    @Override
    public byte[] readBytes() {
        checkRead(type == DataType.U8);
        byte[] result = new byte[size()];
        kib.kib_layout_read_u8(result, data(), outer(), channels(), positions());
        return result;
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
