package io.github.kib4j.train;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Files of named arrays, in single or double precision, in the safetensors format: eight bytes of header length (little-endian), a JSON header
 * {@code {"name": {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}, ...}}, then the numbers, little-endian.
 */
public final class Safetensors {
    private static final int MAXIMAL_HEADER = 100_000_000;
    private static final int PIECE = 1 << 20;

    private Safetensors() {}

    /**
     * An array.
     *
     * @param type F32 or F64
     * @param data row-major, little-endian
     */
    @SuppressWarnings("ByteBufferBackingArray") // buffers here are made by this class
    public record Array(DataType type, Shape shape, ByteBuffer data) implements Source {
        /** Copies a tensor from its device. */
        static Array of(Tensor tensor) {
            if (tensor.type() == DataType.F64) {
                double[] values = tensor.readDoubles();
                ByteBuffer data = buffer(Math.multiplyExact(8, values.length));
                data.asDoubleBuffer().put(values);
                return new Array(DataType.F64, tensor.shape(), data);
            }
            float[] values = tensor.readFloats();
            ByteBuffer data = buffer(Math.multiplyExact(4, values.length));
            data.asFloatBuffer().put(values);
            return new Array(DataType.F32, tensor.shape(), data);
        }

        /** Copies the numbers into a tensor of as many. */
        void writeTo(Tensor tensor) {
            if (type == DataType.F64) {
                double[] values = new double[data.capacity() / 8];
                data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
                tensor.write(values);
            } else {
                float[] values = new float[data.capacity() / 4];
                data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
                tensor.write(values);
            }
        }
    }

    /** Something to be written: an array, or what becomes one when its turn comes. */
    sealed interface Source permits Array, OnDevice {
        DataType type();

        Shape shape();

        ByteBuffer data();
    }

    /** A tensor that is copied from its device when it is written, so that one at a time is in the host's memory. */
    record OnDevice(Tensor tensor, Shape shape) implements Source {
        @Override
        public DataType type() {
            return tensor.type() == DataType.F64 ? DataType.F64 : DataType.F32;
        }

        @Override
        public ByteBuffer data() {
            return Array.of(tensor).data();
        }
    }

    /** Where an array lies in a file. */
    private record Entry(DataType type, Shape shape, long begin, long end) {}

    /** Writes a new file, and forces it to the disk. */
    public static void write(Path file, Map<String, Array> arrays) throws IOException {
        writeAll(file, arrays);
    }

    /** Writes a new file, forces it to the disk, and returns its SHA-256 sum. */
    static String writeAll(Path file, Map<String, ? extends Source> sources) throws IOException {
        MessageDigest sum = CheckpointState.sha256();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            byte[] header = header(sources);
            write(channel, buffer(8).putLong(0, header.length), sum);
            write(channel, ByteBuffer.wrap(header), sum);
            for (Source source : sources.values()) {
                write(channel, source.data(), sum);
            }
            channel.force(true);
        } catch (IOException e) {
            throw DurableFiles.named(file, e);
        }
        return HexFormat.of().formatHex(sum.digest());
    }

    /** Writes in pieces, since a channel copies each whole piece into memory that it keeps. */
    private static void write(FileChannel channel, ByteBuffer bytes, MessageDigest sum) throws IOException {
        sum.update(bytes.duplicate());
        for (int at = 0; at < bytes.capacity(); at += PIECE) {
            ByteBuffer piece = bytes.slice(at, Math.min(PIECE, bytes.capacity() - at));
            while (piece.hasRemaining()) {
                channel.write(piece);
            }
        }
    }

    /** Returns a file's SHA-256 sum. */
    static String sum(Path file) throws IOException {
        MessageDigest sum = CheckpointState.sha256();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer piece = buffer(PIECE);
            while (channel.read(piece) >= 0) {
                sum.update(piece.flip());
                piece.clear();
            }
        }
        return HexFormat.of().formatHex(sum.digest());
    }

    private static byte[] header(Map<String, ? extends Source> sources) {
        StringBuilder json = new StringBuilder("{");
        long offset = 0;
        for (Map.Entry<String, ? extends Source> entry : sources.entrySet()) {
            Source source = entry.getValue();
            Shape shape = source.shape();
            String extents = java.util.Arrays.stream(shape.extents())
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(","));
            long end = offset + Math.multiplyExact((long) source.type().bytes(), shape.size());
            json.append(offset == 0 ? "" : ",")
                    .append(Json.quote(entry.getKey()))
                    .append(":{\"dtype\":\"" + source.type() + "\",\"shape\":[")
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
                throw CheckpointException.damaged(file, "its header is cut short", null);
            }
            byte[] header = readAt(channel, 8, (int) headerLength, file).array();
            Map<String, Entry> entries =
                    entries(file, new String(header, StandardCharsets.UTF_8), size - 8 - headerLength);
            Map<String, Array> arrays = new LinkedHashMap<>();
            for (Map.Entry<String, Entry> named : entries.entrySet()) {
                Entry entry = named.getValue();
                ByteBuffer data = readAt(
                        channel, 8 + headerLength + entry.begin(), Math.toIntExact(entry.end() - entry.begin()), file);
                arrays.put(named.getKey(), new Array(entry.type(), entry.shape(), data));
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
            // Arrays that overlap would take more memory than the file has bytes.
            long described = entries.values().stream()
                    .mapToLong(entry -> entry.end() - entry.begin())
                    .sum();
            if (described != dataSize) {
                throw new IllegalArgumentException("arrays of " + described + " bytes in " + dataSize);
            }
        } catch (IllegalArgumentException | ClassCastException | ArithmeticException | NullPointerException e) {
            throw CheckpointException.damaged(file, "its header does not describe it (" + e.getMessage() + ")", e);
        }
        return entries;
    }

    private static Entry entry(Map<?, ?> description, long dataSize) {
        boolean wide = "F64".equals(description.get("dtype"));
        if (!wide && !"F32".equals(description.get("dtype"))) {
            throw new IllegalArgumentException("only F32 and F64 are read, not " + description.get("dtype"));
        }
        DataType type = wide ? DataType.F64 : DataType.F32;
        int[] extents = longs(description.get("shape")).stream()
                .mapToInt(Math::toIntExact)
                .toArray();
        List<Long> offsets = longs(description.get("data_offsets"));
        Shape shape = Shape.of(extents);
        if (offsets.size() != 2
                || offsets.get(0) < 0
                || offsets.get(1) > dataSize
                || offsets.get(1) - offsets.get(0) != Math.multiplyExact((long) type.bytes(), shape.size())) {
            throw new IllegalArgumentException(
                    "offsets " + offsets + " of an array of " + shape + " in " + dataSize + " bytes");
        }
        return new Entry(type, shape, offsets.get(0), offsets.get(1));
    }

    private static List<Long> longs(@Nullable Object list) {
        return ((List<?>) Objects.requireNonNull(list, "a list is missing"))
                .stream().map(element -> (Long) element).toList();
    }

    private static ByteBuffer readAt(FileChannel channel, long position, int count, Path file) throws IOException {
        ByteBuffer bytes = buffer(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw CheckpointException.damaged(file, "it is cut short", null);
            }
        }
        return bytes.flip();
    }
}
