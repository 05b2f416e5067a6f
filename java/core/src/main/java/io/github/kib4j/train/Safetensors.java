package io.github.kib4j.train;

import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Files of named single-precision arrays in the safetensors format: eight bytes of header length (little-endian), a JSON header
 * {@code {"name": {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}, ...}}, then the numbers, little-endian.
 */
public final class Safetensors {
    private static final int MAXIMAL_HEADER = 100_000_000;
    private static final int CHUNK = 1 << 16;

    private Safetensors() {}

    /**
     * An array.
     *
     * @param values row-major
     */
    @SuppressWarnings("ArrayRecordComponent") // a carrier between a file and a device, never compared
    public record Array(Shape shape, float[] values) {}

    /** Where an array lies in a file. */
    private record Entry(Shape shape, long begin, long end) {}

    /** Writes a new file, and forces it to the disk. */
    public static void write(Path file, Map<String, Array> arrays) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            OutputStream out = Channels.newOutputStream(channel);
            byte[] header = header(arrays);
            out.write(buffer(8).putLong(header.length).array());
            out.write(header);
            for (Array array : arrays.values()) {
                writeValues(out, array.values());
            }
            channel.force(true);
        }
    }

    private static byte[] header(Map<String, Array> arrays) {
        StringBuilder json = new StringBuilder("{");
        long offset = 0;
        for (Map.Entry<String, Array> entry : arrays.entrySet()) {
            Shape shape = entry.getValue().shape();
            String extents = java.util.Arrays.stream(shape.extents())
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(","));
            long end = offset + 4 * shape.size();
            json.append(offset == 0 ? "" : ",")
                    .append(Json.quote(entry.getKey()))
                    .append(":{\"dtype\":\"F32\",\"shape\":[")
                    .append(extents)
                    .append("],\"data_offsets\":[")
                    .append(offset)
                    .append(',')
                    .append(end)
                    .append("]}");
            offset = end;
        }
        json.append('}');
        while (json.length() % 8 != 0) {
            json.append(' ');
        }
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void writeValues(OutputStream out, float[] values) throws IOException {
        ByteBuffer bytes = buffer(4 * Math.min(CHUNK, values.length));
        for (int start = 0; start < values.length; start += CHUNK) {
            int count = Math.min(CHUNK, values.length - start);
            bytes.clear();
            bytes.asFloatBuffer().put(values, start, count);
            out.write(bytes.array(), 0, 4 * count);
        }
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads a file.
     *
     * @throws CheckpointException if it is cut short or no such file
     */
    public static Map<String, Array> read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            long headerLength = size < 8 ? -1 : readAt(channel, 0, 8, file).getLong();
            if (headerLength < 2 || headerLength > Math.min(size - 8, MAXIMAL_HEADER)) {
                throw damaged(file, "its header is cut short");
            }
            byte[] header = readAt(channel, 8, (int) headerLength, file).array();
            Map<String, Entry> entries =
                    entries(file, new String(header, StandardCharsets.UTF_8), size - 8 - headerLength);
            Map<String, Array> arrays = new LinkedHashMap<>();
            for (Map.Entry<String, Entry> named : entries.entrySet()) {
                Entry entry = named.getValue();
                ByteBuffer bytes = readAt(
                        channel, 8 + headerLength + entry.begin(), Math.toIntExact(entry.end() - entry.begin()), file);
                float[] values = new float[bytes.remaining() / 4];
                bytes.asFloatBuffer().get(values);
                arrays.put(named.getKey(), new Array(entry.shape(), values));
            }
            return arrays;
        }
    }

    private static Map<String, Entry> entries(Path file, String header, long dataSize) throws CheckpointException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        try {
            for (Map.Entry<?, ?> member : ((Map<?, ?>) Json.parse(header)).entrySet()) {
                if (!member.getKey().equals("__metadata__")) {
                    entries.put((String) member.getKey(), entry((Map<?, ?>) member.getValue(), dataSize));
                }
            }
        } catch (IllegalArgumentException | ClassCastException | ArithmeticException | NullPointerException e) {
            throw new CheckpointException(
                    sentence(file, "its header does not describe it (" + e.getMessage() + ")"), e);
        }
        return entries;
    }

    private static Entry entry(Map<?, ?> description, long dataSize) {
        if (!"F32".equals(description.get("dtype"))) {
            throw new IllegalArgumentException("only F32 is read, not " + description.get("dtype"));
        }
        int[] extents = longs(description.get("shape")).stream()
                .mapToInt(Math::toIntExact)
                .toArray();
        List<Long> offsets = longs(description.get("data_offsets"));
        Shape shape = Shape.of(extents);
        if (offsets.size() != 2
                || offsets.get(0) < 0
                || offsets.get(1) > dataSize
                || offsets.get(1) - offsets.get(0) != Math.multiplyExact(4, shape.size())) {
            throw new IllegalArgumentException(
                    "offsets " + offsets + " of an array of " + shape + " in " + dataSize + " bytes");
        }
        return new Entry(shape, offsets.get(0), offsets.get(1));
    }

    private static List<Long> longs(@Nullable Object list) {
        return ((List<?>) Objects.requireNonNull(list, "a list is missing"))
                .stream().map(element -> (Long) element).toList();
    }

    private static ByteBuffer readAt(FileChannel channel, long position, int count, Path file) throws IOException {
        ByteBuffer bytes = buffer(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw damaged(file, "it is cut short");
            }
        }
        return bytes.flip();
    }

    private static CheckpointException damaged(Path file, String why) {
        return new CheckpointException(sentence(file, why));
    }

    private static String sentence(Path file, String why) {
        return "The file " + file + " is damaged: " + why + ". Use another checkpoint, or train anew.";
    }
}
