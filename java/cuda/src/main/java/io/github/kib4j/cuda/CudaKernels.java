package io.github.kib4j.cuda;

import io.github.kib4j.bindings.KernelLibrary;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.cuda.internal.kib_cuda;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;

/** The CUDA kernels of {@code native/src/cuda}, on the streams of a device. */
final class CudaKernels extends KernelLibrary {
    private final CudaStreams streams;

    CudaKernels(CudaStreams streams) {
        super("cuda", kib_cuda.kib_kernels());
        this.streams = streams;
    }

    @Override
    public kib_queue queue(Lane lane) {
        return streams.queue(lane);
    }

    @Override
    public BytePointer bytes(Tensor tensor) {
        return CudaTensor.of(tensor).data();
    }

    /** What the device failed to do is no mistake of the caller's. */
    @Override
    protected RuntimeException failure(int status, String sentence) {
        return status == settings.KIB_OUT_OF_MEMORY || status == settings.KIB_DEVICE_FAILED
                ? CudaStatus.told(sentence)
                : super.failure(status, sentence);
    }
}
