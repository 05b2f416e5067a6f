package io.github.kib4j.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/**
 * Memory that all operations of a device use in turn, as large as the largest need planned so far: what one leaves in it is gone
 * when the next one runs.
 */
final class SharedMemory {
    private final AtomicLong account;
    private final List<memory> users = new ArrayList<>();
    private @Nullable CpuMemory block;

    SharedMemory(AtomicLong account) {
        this.account = account;
    }

    /** Makes room for a need that is planned. Not while an operation runs. */
    void reserve(long bytes) {
        if (block != null && block.bytes() >= bytes) {
            return;
        }
        CpuMemory larger = new CpuMemory(bytes, account);
        if (block != null) {
            block.free();
        }
        block = larger;
        users.forEach(user -> user.set_data_handle(larger.start()));
    }

    /** Returns the memory as it is now; ask at each run, since a later plan may move it. */
    BytePointer start() {
        if (block == null) {
            reserve(64);
        }
        return java.util.Objects.requireNonNull(block).start();
    }

    /** Keeps a oneDNN memory object on this memory, wherever it moves. */
    void keep(memory user) {
        user.set_data_handle(start());
        users.add(user);
    }

    void free() {
        if (block != null) {
            block.free();
            block = null;
        }
    }
}
