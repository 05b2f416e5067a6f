package io.github.kib4j.cpu;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * A block of native memory, zeroed, aligned to a cache line, freed by hand.
 *
 * @param block what was allocated
 * @param start its first aligned address
 */
record CpuMemory(Pointer block, BytePointer start) {
    private static final int ALIGNMENT = 64;

    /** Allocates a block; null if there is no room for it. */
    static @Nullable CpuMemory allocate(long bytes) {
        Pointer block = Pointer.calloc(1, bytes + ALIGNMENT);
        if (block == null || block.isNull()) {
            return null;
        }
        return new CpuMemory(block, new BytePointer(block).getPointer(padded(block.address()) - block.address()));
    }

    /** Returns the next multiple of the alignment. */
    static long padded(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    void free() {
        Pointer.free(block);
    }
}
