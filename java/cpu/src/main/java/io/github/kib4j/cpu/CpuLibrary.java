package io.github.kib4j.cpu;

import io.github.kib4j.bindings.KernelLibrary;
import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.kernels.Kernels;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.Tensor;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;

/** The processor's kernels, which run on the calling thread and on others besides. */
final class CpuLibrary extends KernelLibrary {
    private final kib_queue queue;

    /** Loads the kernels, for at most so many threads. */
    CpuLibrary(int threads) {
        super("cpu", Loaded.KERNELS);
        queue = Specs.queue(threads);
    }

    /** Kept where it is made when it is first asked for, which is after the library was loaded. */
    private static final class Loaded {
        static final Kernels KERNELS = kib.kib_kernels();
    }

    /** Returns why the kernels cannot be called, in one sentence, if they cannot; they are loaded. */
    static Optional<String> problem() {
        return KernelLibrary.problem(Loaded.KERNELS);
    }

    /** Returns the kernels on the calling thread alone. */
    static CpuLibrary here() {
        return Here.LIBRARY;
    }

    private static final class Here {
        static final CpuLibrary LIBRARY = new CpuLibrary(1);
    }

    int threads() {
        return queue.threads();
    }

    @Override
    public kib_queue queue(Lane lane) {
        return queue;
    }

    @Override
    public BytePointer bytes(Tensor tensor) {
        return CpuTensor.bytes(tensor);
    }
}
