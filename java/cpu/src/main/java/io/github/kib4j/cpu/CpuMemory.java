package io.github.kib4j.cpu;

import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** A block of native memory, zeroed, aligned to a cache line, freed by hand. */
final class CpuMemory {
    private static final int ALIGNMENT = 64;

    private final AtomicLong account;
    private final long bytes;
    private Pointer block;
    private final BytePointer start;

    /** Allocates a block and counts it in an account. */
    CpuMemory(long bytes, AtomicLong account) {
        this.bytes = bytes;
        this.account = account;
        block = Pointer.calloc(1, bytes + ALIGNMENT);
        if (block == null || block.isNull()) {
            throw new OutOfDeviceMemoryException("No memory for " + bytes + " bytes beside the " + account.get()
                    + " in use; take a smaller batch or network.");
        }
        long offset = (ALIGNMENT - block.address() % ALIGNMENT) % ALIGNMENT;
        start = new BytePointer(block).getPointer(offset);
        account.addAndGet(bytes);
    }

    BytePointer start() {
        return start;
    }

    long bytes() {
        return bytes;
    }

    void free() {
        if (!block.isNull()) {
            Pointer.free(block);
            block.setNull();
            account.addAndGet(-bytes);
        }
    }
}
