package io.github.kib4j.cuda;

import java.util.Optional;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.Pointer;

/** kib4j's own kernels, as far as it is asked whether they are there and run. */
interface OwnKernels {
    /** {@return why they cannot be used, and what to do, in one sentence; empty if they are there, or it cannot be told without CUDA} */
    Optional<String> problem();

    /** {@return for which architectures they were compiled, as nvcc names them: {@code sm_80 sm_90a compute_80}} */
    String architectures();

    /**
     * Enqueues {@code out[i] = 2654435761 (i + 1)} modulo 2^32 for {@code i < n}.
     *
     * @param out unsigned integers of 32 bits on the device
     * @param n how many
     * @param stream where it runs
     * @throws RuntimeException if the launch fails, as {@link CudaStatus#check} has it
     */
    void writePattern(Pointer out, long n, CUstream_st stream);
}
