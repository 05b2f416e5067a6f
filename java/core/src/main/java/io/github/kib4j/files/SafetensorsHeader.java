package io.github.kib4j.files;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file: which arrays there are, and where. It is valid where the format's reference implementation
 * (version 0.8) takes it: sorted by their offsets, each array begins where the one before it ends, the first at 0, the last
 * ending with the file. Two arrays of one name, which the format forbids and the reference takes, are refused.
 */
final class SafetensorsHeader {
    private static final String METADATA = "__metadata__";

    private SafetensorsHeader() {}

    /** The types that are read, by their names in the format; it has more. */
    private enum Stored {
        F64(DataType.F64, 8),
        F32(DataType.F32, 4),
        /** Widened. */
        BF16(DataType.F32, 2),
        /** Widened. */
        F16(DataType.F32, 2),
        I64(DataType.I64, 8),
        I32(DataType.I32, 4),
        U8(DataType.U8, 1);

        private final DataType type;
        private final int bytes;

        Stored(DataType type, int bytes) {
            this.type = type;
            this.bytes = bytes;
        }

        static Optional<Stored> named(String dtype) {
            return Stream.of(values()).filter(s -> s.name().equals(dtype)).findFirst();
        }
    }

    /**
     * An array as the header describes it.
     *
     * @param dtype the format's name of the type
     * @param extents outermost first; 0 is allowed
     * @param begin of its bytes, counted from the header's end
     * @param end after its last byte
     */
    record Entry(String name, String dtype, List<Long> extents, long begin, long end) {
        long bytes() {
            return end - begin;
        }

        /** Returns whether there is nothing to read. */
        boolean isEmpty() {
            return bytes() == 0;
        }

        /**
         * Checks that this library has its type and size.
         *
         * @throws FileContentException if not
         */
        void requireSupported(Path file) throws FileContentException {
            Stored stored = Stored.named(dtype).orElse(null);
            if (stored == null) {
                throw unsupported(file, "of type " + Json.quote(dtype), "save it as F32");
            }
            if (bytes() / stored.bytes > Integer.MAX_VALUE / stored.type.bytes()) {
                throw unsupported(file, "of " + bytes() + " bytes", "arrays may have fewer than 2^31");
            }
        }

        private FileContentException unsupported(Path file, String what, String remedy) {
            return FileContentException.unsupported(file, "the array " + Json.quote(name) + " " + what, remedy);
        }

        /** Returns the type of the numbers that {@link #numbers} gives. */
        DataType type() {
            return Stored.valueOf(dtype).type;
        }

        Shape shape() {
            return Shape.of(extents.stream().mapToInt(Math::toIntExact).toArray());
        }

        /** Returns the numbers that these bytes of the file are. */
        ByteBuffer numbers(ByteBuffer data) {
            Stored stored = Stored.valueOf(dtype);
            if (stored != Stored.BF16 && stored != Stored.F16) {
                return data;
            }
            ByteBuffer wide = ByteBuffer.allocate(2 * data.capacity()).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 0; at < data.capacity(); at += 2) {
                short half = data.getShort(at);
                wide.putFloat(2 * at, stored == Stored.BF16 ? Float.intBitsToFloat(half << 16) : ofHalf(half));
            }
            return wide;
        }
    }

    /** Returns the value of IEEE half-precision bits: a sign, 5 bits of exponent, 10 of fraction. */
    static float ofHalf(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        if (exponent == 0) {
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * 0x1p-24f));
        }
        int wide = exponent == 0x1F ? 0xFF : exponent + 127 - 15;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }

    /**
     * Reads a header.
     *
     * @param dataSize bytes that follow the header
     * @return the arrays in the header's order
     * @throws FileContentException if it does not describe the file
     */
    static List<Entry> read(Path file, ByteBuffer header, long dataSize) throws FileContentException {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(header).toString();
            List<Entry> entries = new ArrayList<>();
            for (Map.Entry<?, ?> member : ((Map<?, ?>) Json.parse(text)).entrySet()) {
                if (member.getKey().equals(METADATA)) {
                    checkMetadata(member.getValue());
                } else {
                    entries.add(entry((String) member.getKey(), (Map<?, ?>) member.getValue()));
                }
            }
            checkCovered(entries, dataSize);
            return entries;
        } catch (CharacterCodingException e) {
            throw FileContentException.damaged(file, "its header is no text in UTF-8", e);
        } catch (ClassCastException | NullPointerException e) {
            throw FileContentException.damaged(file, "its header does not say what a header must", e);
        } catch (IllegalArgumentException e) {
            throw FileContentException.damaged(file, "its header does not describe it (" + e.getMessage() + ")", e);
        }
    }

    private static void checkMetadata(Object metadata) {
        if (metadata != Json.NULL) {
            for (Object value : ((Map<?, ?>) metadata).values()) {
                if (!(value instanceof String)) {
                    throw new IllegalArgumentException("metadata that is no text");
                }
            }
        }
    }

    private static Entry entry(String name, Map<?, ?> description) {
        List<Long> offsets = longs(description.get("data_offsets"));
        if (offsets.size() != 2) {
            throw new IllegalArgumentException(Json.quote(name) + " has " + offsets.size() + " offsets, not 2");
        }
        String dtype = (String) Objects.requireNonNull(description.get("dtype"));
        return new Entry(name, dtype, longs(description.get("shape")), offsets.get(0), offsets.get(1));
    }

    private static void checkCovered(List<Entry> entries, long dataSize) {
        long covered = 0;
        List<Entry> sorted = entries.stream()
                .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
                .toList();
        for (Entry entry : sorted) {
            if (entry.begin() != covered || entry.end() < covered || entry.end() > dataSize) {
                throw new IllegalArgumentException(Json.quote(entry.name()) + " lies at " + entry.begin() + " to "
                        + entry.end() + ", where " + covered + " of " + dataSize + " bytes are covered");
            }
            checkSize(entry);
            covered = entry.end();
        }
        if (covered != dataSize) {
            throw new IllegalArgumentException("arrays of " + covered + " bytes in " + dataSize);
        }
    }

    private static void checkSize(Entry entry) {
        int bytes = Stored.named(entry.dtype()).map(stored -> stored.bytes).orElse(0);
        if (bytes > 0 && entry.bytes() != size(entry, bytes)) {
            throw new IllegalArgumentException(Json.quote(entry.name()) + " of shape " + entry.extents() + " and type "
                    + entry.dtype() + " has " + entry.bytes() + " bytes");
        }
    }

    private static long size(Entry entry, int bytes) {
        try {
            return entry.extents().stream().reduce((long) bytes, Math::multiplyExact);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    Json.quote(entry.name()) + " of shape " + entry.extents() + " has more elements than can be", e);
        }
    }

    private static List<Long> longs(@Nullable Object list) {
        List<Long> longs = ((List<?>) Objects.requireNonNull(list))
                .stream().map(element -> (Long) element).toList();
        if (longs.stream().anyMatch(value -> value < 0)) {
            throw new IllegalArgumentException("negative sizes " + longs);
        }
        return longs;
    }
}
