package io.github.kib4j.cpu;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/**
 * A tensor in native memory, once it has some: four-dimensional ones {@code [B, H, W, C]}, others row-major. First rows lie
 * wherever the whole tensor does.
 */
final class CpuTensor implements Tensor {
    /** Where tensors are written and read: on the calling thread. */
    private static final kib_queue HERE = Specs.queue(1);

    private final Owner owner;
    private final DataType type;
    private final Shape shape;
    private final @Nullable CpuTensor whole;
    private @Nullable CpuMemory allocated;
    private @Nullable BytePointer start;

    CpuTensor(Owner owner, DataType type, Shape shape) {
        this(owner, type, shape, null);
    }

    private CpuTensor(Owner owner, DataType type, Shape shape, @Nullable CpuTensor whole) {
        this.owner = owner;
        this.type = type;
        this.shape = shape;
        this.whole = whole;
    }

    /** Returns a tensor as what a device makes sure it is: one of this backend. */
    static CpuTensor of(Tensor tensor) {
        return (CpuTensor) tensor;
    }

    /** Gives it memory of its own; returns whether there was room. */
    boolean allocate() {
        allocated = CpuMemory.allocate(bytes());
        start = allocated == null ? null : allocated.start();
        return allocated != null;
    }

    /** Puts it on a part of another tensor's memory. */
    void place(Tensor memory, long offset) {
        start = bytes(memory).getPointer(offset);
    }

    void free() {
        if (allocated != null) {
            allocated.free();
        }
        allocated = null;
        start = null;
    }

    /** Returns where the numbers lie. */
    private BytePointer data() {
        owner.checkOpen();
        BytePointer data = base().start;
        if (data == null) {
            throw new IllegalStateException(
                    "A tensor of " + shape + " has no memory: it is a workspace's, whose program has not run.");
        }
        return data;
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
        return Specs.type(numbers(tensor.type()));
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
    public Owner owner() {
        return owner;
    }

    @Override
    public CpuTensor base() {
        return whole == null ? this : whole;
    }

    @Override
    public Tensor firstRows(int rows) {
        if (rows < 1 || rows > shape.extent(0)) {
            throw new IllegalArgumentException("A tensor of " + shape + " has no first " + rows + " rows.");
        }
        return rows == shape.extent(0) ? this : new CpuTensor(owner, type, shape.withFirst(rows), base());
    }

    // Storage as [outer, P, C] of logical [outer, C, P].

    private boolean channelsLast() {
        return shape.rank() == 4;
    }

    long outer() {
        return channelsLast() ? shape.extent(0) : 1;
    }

    long channels() {
        return channelsLast() ? shape.extent(1) : 1;
    }

    long positions() {
        return shape.size() / outer() / channels();
    }

    @Override
    public void write(double[] source) {
        checkWrite(source.length, type.isFloating());
        if (type == DataType.F64) {
            doubles(this).put(source, 0, source.length);
        } else {
            CpuWork.check(
                    kib.kib_layout_write_f64(data(), source, typeOf(this), outer(), channels(), positions(), HERE));
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
        CpuWork.check(kib.kib_layout_write_f32(data(), source, typeOf(this), outer(), channels(), positions(), HERE));
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
        CpuWork.check(kib.kib_layout_write_u8(data(), source, outer(), channels(), positions(), HERE));
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
            CpuWork.check(
                    kib.kib_layout_read_f64(result, data(), typeOf(this), outer(), channels(), positions(), HERE));
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
        CpuWork.check(kib.kib_layout_read_f32(result, data(), typeOf(this), outer(), channels(), positions(), HERE));
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
        CpuWork.check(kib.kib_layout_read_u8(result, data(), outer(), channels(), positions(), HERE));
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
