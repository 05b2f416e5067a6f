package io.github.kib4j.cuda;

import io.github.kib4j.bindings.KernelLibrary;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.cuda.internal.kib_cuda;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/** The kernels of {@code native/src/cuda}, in the library that the build makes where it has nvcc. */
final class LoadedKernels implements OwnKernels {
    /** In a jar of its own, which on a module path is another module: not a resource of this one. */
    private static final String LIBRARY = "io/github/kib4j/cuda/linux-x86_64/libkib_cuda.so";

    /** A build without nvcc has a library of no kernels, which says that it is for no architecture. */
    @Override
    public Optional<String> problem() {
        if (CudaBackend.class.getClassLoader().getResource(LIBRARY) == null) {
            return Optional.of(
                    "its native libraries are missing; put kib4j-cuda's linux-x86_64 jar beside the one without.");
        }
        if (CudaLibraries.problem().isPresent()) {
            return Optional.empty();
        }
        try {
            return architectures().isEmpty()
                    ? Optional.of(
                            "this build has no CUDA kernels, since nvcc was not there when it was made; install CUDA 13"
                                    + " with nvcc, and build again.")
                    : KernelLibrary.problem(kib_cuda.kib_kernels());
        } catch (LinkageError e) {
            return Optional.of("its kernels do not load (" + e.getMessage()
                    + "); check that JavaCPP's cache (~/.javacpp) can" + " be written.");
        }
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
                throw CudaStatus.told("The cuda device's kernels "
                        + kib_cuda.kib_kernels().last_error().getString() + ".");
            }
        }
    }
}
