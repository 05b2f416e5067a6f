package io.github.kib4j.datasets;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Whether a PNG file is whole, which Java's decoder does not look at. */
final class Png {
    private static final long SIGNATURE = 0x89504E470D0A1A0AL;
    private static final int OUTSIDE = 12;
    private static final String PIXELS = "IDAT";

    private Png() {}

    static boolean is(byte[] bytes) {
        return bytes.length >= 8 && ByteBuffer.wrap(bytes).getLong() == SIGNATURE;
    }

    /** Returns what is wrong with the chunks up to the last of pixels, as a part of a sentence; null for nothing. */
    static @Nullable String damage(byte[] bytes) {
        ByteBuffer file = ByteBuffer.wrap(bytes);
        boolean pixels = false;
        for (int at = 8; ; ) {
            if (bytes.length - at < OUTSIDE) {
                return pixels ? null : "it is cut short";
            }
            String kind = new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1);
            if (pixels && !kind.equals(PIXELS)) {
                return null;
            }
            pixels = kind.equals(PIXELS);
            int length = file.getInt(at);
            if (length < 0 || length > bytes.length - at - OUTSIDE) {
                return "it is cut short";
            }
            CRC32 checksum = new CRC32();
            checksum.update(bytes, at + 4, 4 + length);
            if ((int) checksum.getValue() != file.getInt(at + 8 + length)) {
                return "it is damaged: the checksum of its part at byte " + at + " is wrong";
            }
            at += OUTSIDE + length;
        }
    }
}
