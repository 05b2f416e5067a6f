package io.github.kib4j.cuda;

import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.cuda.internal.kib_cuda;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/** The kernels of {@code native/src/cuda}, in the library that the build puts into this module's jar where it has nvcc. */
final class LoadedKernels implements OwnKernels {
    private static final String LIBRARY = "libkib_cuda.so";

    @Override
    public Optional<String> problem() {
        return CudaBackend.class.getResource("linux-x86_64/" + LIBRARY) != null
                ? Optional.empty()
                : Optional.of(
                        "this build has no CUDA kernels (" + LIBRARY + "), since nvcc was not there when it was made;"
                                + " install CUDA 13 with nvcc, and build again.");
    }

    @Override
    public String architectures() {
        CudaBackend.load();
        return kib_cuda.kib_cuda_architectures().getString();
    }

    @Override
    public void writePattern(Pointer out, long n, CUstream_st stream) {
        CudaBackend.load();
        try (kib_queue queue = new kib_queue().threads(0).stream(stream)) {
            int status = kib_cuda.kib_cuda_write_pattern(new IntPointer(out), n, queue);
            if (status != settings.KIB_OK) {
                throw new CudaException(
                        "The self-test failed: the cuda device's kernels "
                                + kib_cuda.kib_kernels().last_error().getString() + ".",
                        false);
            }
        }
    }
}
