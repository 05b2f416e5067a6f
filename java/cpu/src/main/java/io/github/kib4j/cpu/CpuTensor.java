package io.github.kib4j.cpu;

import io.github.kib4j.bindings.NativeTensor;
import io.github.kib4j.bindings.Storage;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.kernels.Kernels;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/** A tensor in the processor's memory. */
final class CpuTensor extends NativeTensor {
    private @Nullable CpuMemory memory;

    CpuTensor(Owner owner, DataType type, Shape shape) {
        super(owner, type, shape);
    }

    /** Returns a tensor as what a device makes sure it is: one of this backend. */
    static CpuTensor of(Tensor tensor) {
        return (CpuTensor) tensor;
    }

    /** Gives it memory of its own; returns whether there was room. */
    boolean allocate() {
        memory = CpuMemory.allocate(bytes());
        own(memory == null ? null : memory.start());
        return memory != null;
    }

    void free() {
        if (memory != null) {
            memory.free();
        }
        memory = null;
        own(null);
    }

    static BytePointer bytes(Tensor tensor) {
        return of(tensor).data();
    }

    @Override
    protected void copyFrom(Object array) {
        Storage storage = Storage.of(shape());
        long outer = storage.outer();
        long channels = storage.channels();
        long positions = storage.positions();
        if (array instanceof int[] ints) {
            new IntPointer(data()).put(ints, 0, ints.length);
        } else if (array instanceof long[] longs) {
            new LongPointer(data()).put(longs, 0, longs.length);
        } else if (type() == DataType.F64) {
            new DoublePointer(data()).put((double[]) array, 0, ((double[]) array).length);
        } else {
            CpuLibrary library = CpuLibrary.here();
            Kernels kernels = library.kernels();
            kib_queue queue = library.queue(Lane.MAIN);
            if (array instanceof byte[] bytes) {
                library.check(kernels.layout_write_u8(data(), bytes, outer, channels, positions, queue));
            } else if (array instanceof float[] floats) {
                library.check(kernels.layout_write_f32(
                        data(), floats, library.typeOf(this), outer, channels, positions, queue));
            } else {
                library.check(kernels.layout_write_f64(
                        data(), (double[]) array, library.typeOf(this), outer, channels, positions, queue));
            }
        }
    }

    @Override
    protected void copyTo(Object array) {
        Storage storage = Storage.of(shape());
        long outer = storage.outer();
        long channels = storage.channels();
        long positions = storage.positions();
        if (array instanceof int[] ints) {
            new IntPointer(data()).get(ints, 0, ints.length);
        } else if (array instanceof long[] longs) {
            new LongPointer(data()).get(longs, 0, longs.length);
        } else if (type() == DataType.F64) {
            new DoublePointer(data()).get((double[]) array, 0, ((double[]) array).length);
        } else {
            CpuLibrary library = CpuLibrary.here();
            Kernels kernels = library.kernels();
            kib_queue queue = library.queue(Lane.MAIN);
            if (array instanceof byte[] bytes) {
                library.check(kernels.layout_read_u8(bytes, data(), outer, channels, positions, queue));
            } else if (array instanceof float[] floats) {
                library.check(kernels.layout_read_f32(
                        floats, data(), library.typeOf(this), outer, channels, positions, queue));
            } else {
                library.check(kernels.layout_read_f64(
                        (double[]) array, data(), library.typeOf(this), outer, channels, positions, queue));
            }
        }
    }
}
