package io.github.kib4j.op;

import java.util.Locale;

/**
 * The memory of a device that has some of its own.
 *
 * @param total bytes
 * @param free bytes that no process holds
 * @param libraries bytes that what computes may still take for itself, beside all tensors
 */
public record DeviceMemory(long total, long free, long libraries) {
    /** {@return what there is and what of it is free, for people: {@code of its 81,559 MB 3,200 MB are free}; whole megabytes are} */
    public String describe() {
        return "of its " + megabytes(total) + " " + megabytes(free >> 20 << 20) + " are free";
    }

    /**
     * {@return a number of bytes in megabytes (2^20), the last of them begun}
     *
     * @param bytes how many
     */
    public static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,d MB", (bytes + (1 << 20) - 1) >> 20);
    }
}
