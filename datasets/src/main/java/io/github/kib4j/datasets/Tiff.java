package io.github.kib4j.datasets;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Whether the first page of a TIFF file is whole: Java's decoder goes on without what lies behind the file's end. */
final class Tiff {
    private static final int STRIP_OFFSETS = 273;
    private static final int STRIP_SIZES = 279;
    private static final int TILE_OFFSETS = 324;
    private static final int TILE_SIZES = 325;
    private static final int SHORT = 3;
    /** Bytes of a value of each type, from 1: byte, text, short, long, rational, and signed, unknown and real ones. */
    private static final int[] SIZES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

    private final ByteBuffer file;

    private Tiff(byte[] bytes) {
        file = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    }

    static boolean is(byte[] bytes) {
        return bytes.length >= 8
                && (bytes[0] == 'I' && bytes[1] == 'I' && bytes[2] == 42 && bytes[3] == 0
                        || bytes[0] == 'M' && bytes[1] == 'M' && bytes[2] == 0 && bytes[3] == 42);
    }

    /** Returns what is missing, as a part of a sentence; null for nothing. */
    static @Nullable String damage(byte[] bytes) {
        return new Tiff(bytes).isWhole() ? null : "it is cut short";
    }

    private boolean has(long start, long size) {
        return start + size <= file.capacity();
    }

    private long at(int index) {
        return file.getInt(index) & 0xFFFFFFFFL;
    }

    /** Walks through the page's fields, of 12 bytes: tag, type, count, and the value or where it lies. */
    private boolean isWhole() {
        long page = at(4);
        if (!has(page, 2)) {
            return false;
        }
        int fields = file.getShort((int) page) & 0xFFFF;
        if (!has(page, 2 + 12L * fields)) {
            return false;
        }
        int first = (int) page + 2;
        for (int field = first; field < first + 12 * fields; field += 12) {
            if (!has(valueStart(field), valueSize(field))) {
                return false;
            }
        }
        return holds(first, fields, STRIP_OFFSETS, STRIP_SIZES) && holds(first, fields, TILE_OFFSETS, TILE_SIZES);
    }

    private long valueSize(int field) {
        int type = file.getShort(field + 2);
        return type > 0 && type < SIZES.length ? SIZES[type] * at(field + 4) : 0;
    }

    private long valueStart(int field) {
        return valueSize(field) <= 4 ? field + 8 : at(field + 8);
    }

    /** Returns whether all pieces of pixels end within the file; pieces of unknown size are left to the decoder. */
    private boolean holds(int first, int fields, int offsets, int sizes) {
        int starts = field(first, fields, offsets);
        int lengths = field(first, fields, sizes);
        long pieces = starts < 0 || lengths < 0 ? 0 : Math.min(at(starts + 4), at(lengths + 4));
        for (int i = 0; i < pieces; i++) {
            if (!has(value(starts, i), value(lengths, i))) {
                return false;
            }
        }
        return true;
    }

    private int field(int first, int fields, int tag) {
        for (int field = first; field < first + 12 * fields; field += 12) {
            if ((file.getShort(field) & 0xFFFF) == tag && valueSize(field) > 0) {
                return field;
            }
        }
        return -1;
    }

    private long value(int field, int index) {
        int start = (int) valueStart(field);
        return file.getShort(field + 2) == SHORT ? file.getShort(start + 2 * index) & 0xFFFF : at(start + 4 * index);
    }
}
