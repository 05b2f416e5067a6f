package io.github.kib4j.datasets;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A JPEG file taken apart as far as is needed to decode it like libjpeg (and so PIL): which colours its components are, and the
 * file without what Java's decoder would understand otherwise (application segments: colour profiles, a missing JFIF segment).
 */
final class Jpeg {
    /** What the components are. */
    enum Colours {
        GREY,
        YCBCR,
        RGB,
        CMYK,
        YCCK
    }

    private static final int START = 0xD8;
    private static final int END = 0xD9;
    private static final int SCAN = 0xDA;
    private static final int COMMENT = 0xFE;
    private static final int JFIF = 0xE0;
    private static final int ADOBE = 0xEE;
    private static final int COEFFICIENTS = 64;
    private static final byte[] JFIF_SEGMENT = {
        (byte) 0xFF, (byte) JFIF, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
    };
    private static final byte[] ADOBE_RGB_SEGMENT = {
        (byte) 0xFF, (byte) ADOBE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
    };
    private static final byte[] END_MARKER = {(byte) 0xFF, (byte) END};

    private final byte[] bytes;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final Map<Integer, boolean[]> complete = new HashMap<>();
    private int[] components = {};
    private boolean jfif;
    private int transform = -1;
    private boolean ended;

    /** Takes a file apart, as far as it is whole. */
    Jpeg(byte[] bytes) {
        this.bytes = bytes;
        int at = 2;
        while (at >= 0) {
            at = segment(at);
        }
    }

    static boolean is(byte[] bytes) {
        return bytes.length > 2 && (bytes[0] & 0xFF) == 0xFF && (bytes[1] & 0xFF) == START && (bytes[2] & 0xFF) == 0xFF;
    }

    private int at(int index) {
        return index < bytes.length ? bytes[index] & 0xFF : -1;
    }

    /** Keeps or drops what begins at a marker; returns where the next one is, or -1 at the end or at what is no marker. */
    private int segment(int start) {
        int marker = start + 1;
        while (at(start) == 0xFF && at(marker) == 0xFF) {
            marker++;
        }
        int kind = at(marker);
        if (at(start) != 0xFF || kind < 0 || kind == END) {
            ended = kind == END;
            kept.write(bytes, start, ended ? 0 : bytes.length - start);
            return -1;
        }
        int length = at(marker + 1) << 8 | at(marker + 2);
        int next = marker + 1 + length;
        if (length < 2 || next > bytes.length) {
            kept.write(bytes, start, bytes.length - start);
            return -1;
        }
        if (kind == COMMENT || kind >= JFIF && kind <= 0xEF) {
            application(kind, marker + 3, next);
            return next;
        }
        if (isFrame(kind)) {
            frame(marker + 3, next);
        }
        if (kind == SCAN) {
            scan(marker + 3, next);
            next = afterScan(next);
        }
        kept.write(bytes, start, next - start);
        return next;
    }

    private static boolean isFrame(int kind) {
        return kind >= 0xC0 && kind <= 0xCF && kind != 0xC4 && kind != 0xC8 && kind != 0xCC;
    }

    private void application(int kind, int start, int end) {
        if (kind == JFIF && holds(start, end, "JFIF")) {
            jfif = true;
        }
        if (kind == ADOBE && holds(start, end, "Adobe") && end - start >= 12) {
            transform = at(start + 11);
        }
    }

    private boolean holds(int start, int end, String word) {
        for (int i = 0; i < word.length(); i++) {
            if (start + i >= end || at(start + i) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private void frame(int start, int end) {
        int count = start + 5 < end ? at(start + 5) : 0;
        if (start + 6 + 3 * count <= end) {
            components = new int[count];
            Arrays.setAll(components, i -> at(start + 6 + 3 * i));
        }
    }

    /** Notes which coefficients of which components a scan completes. */
    private void scan(int start, int end) {
        int count = at(start);
        int settings = start + 1 + 2 * count;
        if (settings + 3 > end) {
            return;
        }
        boolean last = (at(settings + 2) & 0xF) == 0;
        for (int i = 0; i < count; i++) {
            boolean[] own = complete.computeIfAbsent(at(start + 1 + 2 * i), id -> new boolean[COEFFICIENTS]);
            for (int k = at(settings); k <= Math.min(at(settings + 1), COEFFICIENTS - 1); k++) {
                own[k] |= last;
            }
        }
    }

    /** Returns where a scan's coded data ends: at a marker that does not belong to it, or with the file. */
    private int afterScan(int start) {
        for (int at = start; at + 1 < bytes.length; at++) {
            int next = at(at + 1);
            if (at(at) == 0xFF && next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7)) {
                return at;
            }
        }
        return bytes.length;
    }

    /** Returns whether the file ends with more missing than its end marker: a scan that should follow. */
    boolean lacksScans() {
        if (ended) {
            return false;
        }
        for (int id : components) {
            boolean[] own = complete.getOrDefault(id, new boolean[COEFFICIENTS]);
            for (boolean coefficient : own) {
                if (!coefficient) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Returns what the components are, by libjpeg's rules. */
    Colours colours() {
        return switch (components.length) {
            case 1, 2 -> Colours.GREY;
            case 4 -> transform <= 0 ? Colours.CMYK : Colours.YCCK;
            default -> {
                boolean named = transform < 0 && Arrays.equals(components, new int[] {'R', 'G', 'B'});
                yield !jfif && (transform == 0 || named) ? Colours.RGB : Colours.YCBCR;
            }
        };
    }

    /** Returns the file with no application segment but one that says what the components are, and with its end marker. */
    byte[] decodable() {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(bytes, 0, 2);
        switch (colours()) {
            case GREY, YCBCR -> whole.writeBytes(JFIF_SEGMENT);
            case RGB -> whole.writeBytes(ADOBE_RGB_SEGMENT);
            default -> {} // read as they are, without any conversion
        }
        whole.writeBytes(kept.toByteArray());
        whole.writeBytes(END_MARKER);
        return whole.toByteArray();
    }
}
