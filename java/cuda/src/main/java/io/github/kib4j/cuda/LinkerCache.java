package io.github.kib4j.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the system's linker knows: {@code /etc/ld.so.cache}, as {@code ldconfig} writes it (glibc, {@code dl-cache.h}): behind a
 * magic word the number of entries; entries of flags, two offsets of texts from the magic word on, and 12 bytes more.
 */
final class LinkerCache {
    private static final byte[] MAGIC = "glibc-ld.so.cache1.1".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER = 48;
    private static final int ENTRY = 24;
    /** An ELF library of glibc for x86-64. */
    private static final int X86_64 = 0x0303;

    private LinkerCache() {}

    /**
     * {@return the libraries for x86-64 by their names, each the one that is taken first} Nothing where there is no such file or it
     * is none: then the folders that are known by name are looked into.
     *
     * @param file the cache
     */
    static Map<String, Path> read(Path file) {
        try {
            return parse(Files.readAllBytes(file));
        } catch (IOException | RuntimeException e) {
            return Map.of();
        }
    }

    private static Map<String, Path> parse(byte[] bytes) {
        int start = start(bytes);
        Map<String, Path> libraries = new LinkedHashMap<>();
        if (start < 0) {
            return libraries;
        }
        ByteBuffer cache = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int entries = cache.getInt(start + MAGIC.length);
        for (int i = 0; i < entries; i++) {
            int entry = start + HEADER + i * ENTRY;
            if (cache.getInt(entry) == X86_64) {
                libraries.putIfAbsent(
                        text(bytes, start + cache.getInt(entry + 4)),
                        Path.of(text(bytes, start + cache.getInt(entry + 8))));
            }
        }
        return libraries;
    }

    /** Returns where the magic word is: at the start, or behind the part that older systems read. */
    private static int start(byte[] bytes) {
        for (int i = 0; i + HEADER <= bytes.length; i += 4) {
            if (bytes[i] == MAGIC[0] && Arrays.equals(bytes, i, i + MAGIC.length, MAGIC, 0, MAGIC.length)) {
                return i;
            }
        }
        return -1;
    }

    private static String text(byte[] bytes, int from) {
        int to = from;
        while (bytes[to] != 0) {
            to++;
        }
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }
}
