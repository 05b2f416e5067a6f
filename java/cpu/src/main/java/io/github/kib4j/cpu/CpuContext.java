package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.UseGuard;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What all families of a CPU device share. */
final class CpuContext {
    private final int threads;
    private final UseGuard guard = new UseGuard("cpu");
    private final AtomicLong workspaceBytes = new AtomicLong();
    private final SharedMemory scratch = new SharedMemory(workspaceBytes);
    private final SharedMemory weights = new SharedMemory(workspaceBytes);
    private final OneDnn oneDnn;
    private final Emulation emulation = new Emulation(this, workspaceBytes);

    CpuContext(int threads) {
        this.threads = threads;
        kib.kib_use_threads(threads);
        oneDnn = new OneDnn(scratch);
    }

    int threads() {
        return threads;
    }

    OneDnn oneDnn() {
        return oneDnn;
    }

    /** Returns what refuses a second thread, and all use after closing. */
    UseGuard guard() {
        return guard;
    }

    /** Returns what computes in bfloat16 where oneDNN does not. */
    Emulation emulation() {
        return emulation;
    }

    /** Returns the memory of scratch buffers. */
    SharedMemory scratch() {
        return scratch;
    }

    /** Returns the memory of weights as oneDNN wants them stored. */
    SharedMemory weights() {
        return weights;
    }

    long workspaceBytes() {
        return workspaceBytes.get();
    }

    /**
     * Called before a primitive is planned: how oneDNN splits work depends on the calling thread's number of threads.
     *
     * @param multiplications of the product: a small one runs on one thread
     * @return on how many threads to run it
     */
    int startPlanning(long multiplications) {
        int planned = kib.kib_threads_for_product(multiplications, threads);
        kib.kib_use_threads(planned);
        return planned;
    }

    /** Returns the operations as one, on as many threads as they were planned for and used by one thread at a time. */
    Operation sequence(int planned, List<Operation> operations) {
        Operation[] all = operations.toArray(new Operation[0]);
        return guard.guard(() -> {
            kib.kib_use_threads(planned);
            for (Operation operation : all) {
                operation.run();
            }
        });
    }

    /** Returns one of the project's own kernels as an operation. */
    Operation kernel(String name, Kernel kernel) {
        return guard.guard(part(name, kernel));
    }

    /** Returns one of the project's own kernels as a part of a {@link #sequence}. */
    Operation part(String name, Kernel kernel) {
        return () -> {
            int status = kernel.run();
            if (status != kib.KIB_OK) {
                throw new IllegalArgumentException(name
                        + ": this device's kernels do not compute with numbers of that type; F32 and BF16 they do.");
            }
        };
    }

    /** A call of a native function. */
    interface Kernel {
        /** Returns its status. */
        int run();
    }

    void close() {
        if (!guard.close()) {
            return;
        }
        emulation.close();
        scratch.free();
        weights.free();
    }
}
