package io.github.kib4j.cpu;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.BackendTensor;
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
final class CpuTensor extends BackendTensor {
    /** Where tensors are written and read: on the calling thread. */
    private static final kib_queue HERE = Specs.queue(1);

    private @Nullable CpuMemory own;
    private @Nullable CpuTensor within;
    private long offset;

    CpuTensor(Owner owner, DataType type, Shape shape) {
        super(owner, type, shape);
    }

    /** Returns a tensor as what a device makes sure it is: one of this backend. */
    static CpuTensor of(Tensor tensor) {
        return (CpuTensor) tensor;
    }

    /** Gives it memory of its own; returns whether there was room. */
    boolean allocate() {
        own = CpuMemory.allocate(bytes());
        return own != null;
    }

    /** Puts it on a part of another tensor's memory, with whose end its own ends. */
    void place(Tensor memory, long newOffset) {
        within = of(memory);
        offset = newOffset;
    }

    void free() {
        if (own != null) {
            own.free();
        }
        own = null;
    }

    /** Returns where the numbers lie. */
    private BytePointer data() {
        return requireMemory(memory()).start().getPointer(place());
    }

    private @Nullable CpuMemory memory() {
        return within == null ? own : within.memory();
    }

    private long place() {
        return within == null ? 0 : within.place() + offset;
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

    // Storage as [outer, P, C] of logical [outer, C, P].

    private boolean channelsLast() {
        return shape().rank() == 4;
    }

    long outer() {
        return channelsLast() ? shape().extent(0) : 1;
    }

    long channels() {
        return channelsLast() ? shape().extent(1) : 1;
    }

    long positions() {
        return shape().size() / outer() / channels();
    }

    @Override
    protected void copyFrom(Object array) {
        if (array instanceof int[] ints) {
            ints(this).put(ints, 0, ints.length);
        } else if (array instanceof long[] longs) {
            longs(this).put(longs, 0, longs.length);
        } else if (array instanceof byte[] bytes) {
            CpuWork.check(kib.kib_layout_write_u8(data(), bytes, outer(), channels(), positions(), HERE));
        } else if (array instanceof float[] floats) {
            CpuWork.check(
                    kib.kib_layout_write_f32(data(), floats, typeOf(this), outer(), channels(), positions(), HERE));
        } else if (type() == DataType.F64) {
            doubles(this).put((double[]) array, 0, ((double[]) array).length);
        } else {
            CpuWork.check(kib.kib_layout_write_f64(
                    data(), (double[]) array, typeOf(this), outer(), channels(), positions(), HERE));
        }
    }

    @Override
    protected void copyTo(Object array) {
        if (array instanceof int[] ints) {
            ints(this).get(ints, 0, ints.length);
        } else if (array instanceof long[] longs) {
            longs(this).get(longs, 0, longs.length);
        } else if (array instanceof byte[] bytes) {
            CpuWork.check(kib.kib_layout_read_u8(bytes, data(), outer(), channels(), positions(), HERE));
        } else if (array instanceof float[] floats) {
            CpuWork.check(
                    kib.kib_layout_read_f32(floats, data(), typeOf(this), outer(), channels(), positions(), HERE));
        } else if (type() == DataType.F64) {
            doubles(this).get((double[]) array, 0, ((double[]) array).length);
        } else {
            CpuWork.check(kib.kib_layout_read_f64(
                    (double[]) array, data(), typeOf(this), outer(), channels(), positions(), HERE));
        }
    }
}
