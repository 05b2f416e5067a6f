package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMallocHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;

import io.github.kib4j.bindings.Storage;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.kernels.Kernels;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.DataType;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Copies between arrays of Java and tensors, part by part through pinned memory and a piece of the device's, where kernels turn the
 * order and type of Java's numbers into those of the tensor. Behind all that was queued on the main stream; waits for its end.
 */
final class CudaStaging {
    private static final long BYTES = 4 << 20;

    private final CudaKernels library;
    private final CudaStreams streams;
    private long size;
    private BytePointer host = new BytePointer((Pointer) null);
    private BytePointer device = new BytePointer((Pointer) null);

    CudaStaging(CudaKernels library, CudaStreams streams) {
        this.library = library;
        this.streams = streams;
        try {
            resize(BYTES);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void resize(long bytes) {
        close();
        Pointer pinned = new Pointer();
        checkPinned(cudaMallocHost(pinned, bytes), bytes);
        host = new BytePointer(pinned).capacity(bytes);
        Pointer memory = new Pointer();
        CudaStatus.check(cudaMalloc(memory, bytes), "cudaMalloc of " + bytes + " bytes for copies");
        device = new BytePointer(memory);
        size = bytes;
    }

    /** It is the machine's memory that is full, not the device's. */
    private static void checkPinned(int status, long bytes) {
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError(); // what is told here is not told again by a later call
            throw new CudaException(
                    "cudaMallocHost of " + bytes
                            + " bytes for copies returned cudaErrorMemoryAllocation (out of memory):"
                            + " this machine has no room for memory that a GPU may copy: end what else runs on it, or"
                            + " give this process' container more memory.",
                    false);
        }
        CudaStatus.check(status, "cudaMallocHost");
    }

    void close() {
        streams.release(this::free);
    }

    private void free() {
        if (!host.isNull()) {
            CudaStatus.check(cudaFreeHost(host), "cudaFreeHost");
            host = new BytePointer((Pointer) null);
        }
        if (!device.isNull()) {
            CudaStatus.check(cudaFree(device), "cudaFree");
            device = new BytePointer((Pointer) null);
        }
    }

    /** How an array of Java is handed over: as bytes of so many for each number. */
    private record Form(int width) {
        static Form of(Object array) {
            if (array instanceof byte[]) {
                return new Form(1);
            }
            return new Form(array instanceof float[] || array instanceof int[] ? 4 : 8);
        }
    }

    /** A part of a tensor that is copied at once. */
    private interface Part {
        void copy(long first, long outer, Storage storage);
    }

    /** Goes through a tensor in parts that fit: whole images of its storage, or numbers where it is no image. */
    private void forParts(CudaTensor tensor, int width, Part part) {
        tensor.data(); // whether it has any
        Storage all = Storage.of(tensor.shape());
        boolean image = all.channels() > 1 && all.positions() > 1;
        long row = image ? all.channels() * all.positions() : 1;
        long rows = tensor.shape().size() / row;
        if (row * width > size) {
            resize(row * width);
        }
        streams.enter();
        long most = Math.max(1, size / (row * width));
        for (long first = 0; first < rows; first += most) {
            long count = Math.min(most, rows - first);
            part.copy(
                    first * row,
                    count * row,
                    image ? new Storage(count, all.channels(), all.positions()) : new Storage(1, 1, count));
        }
    }

    void write(CudaTensor tensor, Object array) {
        Form form = Form.of(array);
        forParts(tensor, form.width(), (first, count, storage) -> {
            fill(array, Math.toIntExact(first), Math.toIntExact(count));
            boolean asItIs = isStoredAs(tensor, array, storage);
            BytePointer target = at(tensor, first);
            CudaStatus.check(
                    cudaMemcpyAsync(
                            asItIs ? target : device,
                            host,
                            count * form.width(),
                            cudaMemcpyHostToDevice,
                            streams.main()),
                    "cudaMemcpyAsync");
            if (!asItIs) {
                convert(target, tensor, array, storage);
            }
            streams.synchronize();
        });
    }

    void read(Object array, CudaTensor tensor) {
        Form form = Form.of(array);
        forParts(tensor, form.width(), (first, count, storage) -> {
            boolean asItIs = isStoredAs(tensor, array, storage);
            BytePointer source = at(tensor, first);
            if (!asItIs) {
                convertBack(source, tensor, array, storage);
            }
            CudaStatus.check(
                    cudaMemcpyAsync(
                            host,
                            asItIs ? source : device,
                            count * form.width(),
                            cudaMemcpyDeviceToHost,
                            streams.main()),
                    "cudaMemcpyAsync");
            streams.synchronize();
            take(array, Math.toIntExact(first), Math.toIntExact(count));
        });
    }

    private static BytePointer at(CudaTensor tensor, long element) {
        return tensor.data().getPointer(element * tensor.type().bytes());
    }

    /** Returns whether Java's numbers are the tensor's bytes. */
    private static boolean isStoredAs(CudaTensor tensor, Object array, Storage storage) {
        boolean sameType = switch (tensor.type()) {
            case F32 -> array instanceof float[];
            case BF16 -> false;
            default -> true;
        };
        return sameType && (storage.channels() == 1 || storage.positions() == 1);
    }

    private void fill(Object array, int first, int count) {
        if (array instanceof byte[] bytes) {
            host.put(bytes, first, count);
        } else if (array instanceof int[] ints) {
            new IntPointer(host).put(ints, first, count);
        } else if (array instanceof long[] longs) {
            new LongPointer(host).put(longs, first, count);
        } else if (array instanceof float[] floats) {
            new FloatPointer(host).put(floats, first, count);
        } else {
            new DoublePointer(host).put((double[]) array, first, count);
        }
    }

    private void take(Object array, int first, int count) {
        if (array instanceof byte[] bytes) {
            host.get(bytes, first, count);
        } else if (array instanceof int[] ints) {
            new IntPointer(host).get(ints, first, count);
        } else if (array instanceof long[] longs) {
            new LongPointer(host).get(longs, first, count);
        } else if (array instanceof float[] floats) {
            new FloatPointer(host).get(floats, first, count);
        } else {
            new DoublePointer(host).get((double[]) array, first, count);
        }
    }

    private void convert(BytePointer target, CudaTensor tensor, Object array, Storage s) {
        Kernels kernels = library.kernels();
        kib_queue queue = library.queue(Lane.MAIN);
        if (tensor.type() == DataType.U8) {
            library.check(kernels.layout_write_u8(target, device, s.outer(), s.channels(), s.positions(), queue));
        } else if (array instanceof float[]) {
            library.check(kernels.layout_write_f32(
                    target,
                    new FloatPointer(device),
                    library.typeOf(tensor),
                    s.outer(),
                    s.channels(),
                    s.positions(),
                    queue));
        } else {
            library.check(kernels.layout_write_f64(
                    target,
                    new DoublePointer(device),
                    library.typeOf(tensor),
                    s.outer(),
                    s.channels(),
                    s.positions(),
                    queue));
        }
    }

    private void convertBack(BytePointer source, CudaTensor tensor, Object array, Storage s) {
        Kernels kernels = library.kernels();
        kib_queue queue = library.queue(Lane.MAIN);
        if (tensor.type() == DataType.U8) {
            library.check(kernels.layout_read_u8(device, source, s.outer(), s.channels(), s.positions(), queue));
        } else if (array instanceof float[]) {
            library.check(kernels.layout_read_f32(
                    new FloatPointer(device),
                    source,
                    library.typeOf(tensor),
                    s.outer(),
                    s.channels(),
                    s.positions(),
                    queue));
        } else {
            library.check(kernels.layout_read_f64(
                    new DoublePointer(device),
                    source,
                    library.typeOf(tensor),
                    s.outer(),
                    s.channels(),
                    s.positions(),
                    queue));
        }
    }
}
