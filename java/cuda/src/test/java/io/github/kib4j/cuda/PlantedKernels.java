package io.github.kib4j.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.Pointer;

/** A kernel of {@code src/test/cuda/kernels.cu} in place of kib4j's own, which does what it should or does not. */
final class PlantedKernels implements OwnKernels {
    static final Path LIBRARY = Emulator.FOLDER.resolve("java/libkernels.so");

    /** What the kernel does; the order is that of the file. */
    enum Kind {
        RIGHT,
        WRITES_NOTHING,
        WRITES_WRONGLY,
        WRITES_FAR_BEYOND,
        /** There is none: the build had no nvcc. */
        NOT_BUILT
    }

    private final Kind kind;
    private final String architectures;

    PlantedKernels(Kind kind) {
        this(kind, "sm_80 compute_80");
    }

    PlantedKernels(Kind kind, String architectures) {
        this.kind = kind;
        this.architectures = architectures;
    }

    @Override
    public String architectures() {
        return architectures;
    }

    static boolean areBuilt() {
        return Files.exists(LIBRARY);
    }

    @Override
    public Optional<String> problem() {
        return kind == Kind.NOT_BUILT
                ? Optional.of("this build has no CUDA kernels; build it with nvcc.")
                : Optional.empty();
    }

    @Override
    public void writePattern(Pointer out, long n, CUstream_st stream) {
        System.load(LIBRARY.toAbsolutePath().toString());
        CudaStatus.check(pattern(out.address(), n, stream.address(), kind.ordinal()), "the planted kernel");
    }

    private static native int pattern(long out, long n, long stream, int kind);
}
