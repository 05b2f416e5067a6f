package io.github.kib4j.cpu;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Two parts of a CPU device, each with half of its threads, and the thread on which the second one computes. */
final class CpuLanes implements AutoCloseable {
    private final CpuDevice first;
    private final CpuDevice second;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "kib4j-lane");
        thread.setDaemon(true);
        return thread;
    });

    /** Creates the parts of a device with at least two threads. */
    CpuLanes(int threads, AtomicLong tensorBytes) {
        first = new CpuDevice(threads - threads / 2, tensorBytes);
        second = new CpuDevice(threads / 2, tensorBytes);
    }

    Device.Lanes devices() {
        return new Device.Lanes(first, second);
    }

    long workspaceBytes() {
        return first.workspaceBytes() + second.workspaceBytes();
    }

    /** Returns both operations as one that ends when both have ended; the second one runs on the lanes' own thread. */
    Operation beside(Operation here, Operation there) {
        return () -> {
            Future<?> other = executor.submit(there::run);
            try {
                here.run();
            } finally {
                await(other);
            }
        };
    }

    private static void await(Future<?> other) {
        boolean interrupted = false;
        while (true) {
            try {
                other.get();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // the other lane still uses the tensors
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException failure
                        ? failure
                        : new IllegalStateException(e.getCause());
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    @Override
    public void close() {
        executor.shutdown();
        first.releaseMemory();
        second.releaseMemory();
    }
}
