package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;

import io.github.kib4j.op.DeviceMemory;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/** A device's memory, and the way into it. */
final class CudaMemory {
    /** Of cudaMalloc: what addresses are multiples of, in bytes. */
    static final int ALIGNMENT = 256;

    /**
     * What CUDA, cuBLAS and cuDNN may take once a device is open: the code of kernels when they are first used, cuDNN's handle of the
     * second lane, a graph's nodes; and what blocks of 2 MB leave unused behind tensors. An upper bound that no GPU has measured yet.
     */
    private static final long LIBRARIES = 256L << 20;

    private final CudaStreams streams;
    private final CudaStaging staging;

    CudaMemory(CudaKernels kernels, CudaStreams streams) {
        this.streams = streams;
        staging = new CudaStaging(kernels, streams);
    }

    CudaStaging staging() {
        return staging;
    }

    /** Returns the memory of the thread's device as it stands. */
    static DeviceMemory now() {
        try (SizeTPointer free = new SizeTPointer(1);
                SizeTPointer total = new SizeTPointer(1)) {
            CudaStatus.check(cudaMemGetInfo(free, total), "cudaMemGetInfo");
            return new DeviceMemory(total.get(), free.get(), LIBRARIES);
        }
    }

    /** Returns zeroed memory; null if there is no room for it. */
    @Nullable
    BytePointer allocate(long bytes) {
        streams.enter();
        Pointer start = new Pointer();
        long size = Math.max(1, bytes);
        int status = cudaMalloc(start, size);
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError(); // which would be answered by the next launch
            return null;
        }
        CudaStatus.check(status, "cudaMalloc");
        CudaStatus.check(cudaMemsetAsync(start, 0, size, streams.main()), "cudaMemsetAsync");
        return new BytePointer(start);
    }

    void free(Pointer start) {
        streams.release(() -> CudaStatus.check(cudaFree(start), "cudaFree"));
    }

    void close() {
        staging.close();
    }
}
