package io.github.kib4j.files;

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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/**
 * Files of named arrays in the safetensors format: eight bytes of header length (little-endian), a JSON header
 * {@code {"name": {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}, ...}}, then the numbers, little-endian.
 */
public final class Safetensors {
    private static final int MAXIMAL_HEADER = 100_000_000;
    private static final int PIECE = 1 << 20;

    private Safetensors() {}

    /**
     * An array.
     *
     * @param data row-major, little-endian, from its first byte to its capacity
     */
    @SuppressWarnings("ByteBufferBackingArray") // buffers here are made by this class
    public record Array(DataType type, Shape shape, ByteBuffer data) implements Source {
        /**
         * Checks that the data is of this type and shape.
         *
         * @param type the element type
         * @param shape the extents
         * @param data its numbers
         */
        public Array {
            if (data.capacity() != Math.multiplyExact((long) type.bytes(), shape.size())) {
                throw new IllegalArgumentException(
                        data.capacity() + " bytes do not fit an array of " + shape + " in " + type + ".");
            }
        }

        /**
         * Copies the numbers into a tensor of as many.
         *
         * @param tensor receives them
         */
        public void writeTo(Tensor tensor) {
            if (type == DataType.F32) {
                tensor.write(floats());
            } else {
                tensor.write(doubles());
            }
        }

        /** {@return the numbers, rounded to single precision} */
        public float[] floats() {
            float[] values = new float[data.capacity() / type.bytes()];
            if (type == DataType.F32) {
                data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            } else {
                double[] doubles = doubles();
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) doubles[i];
                }
            }
            return values;
        }

        private double[] doubles() {
            ByteBuffer in = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            double[] values = new double[data.capacity() / type.bytes()];
            for (int i = 0; i < values.length; i++) {
                values[i] = switch (type) {
                    case F64 -> in.getDouble(8 * i);
                    case F32 -> in.getFloat(4 * i);
                    case BF16 -> Float.intBitsToFloat(in.getShort(2 * i) << 16);
                    case I64 -> in.getLong(8 * i);
                    case I32 -> in.getInt(4 * i);
                    case U8 -> in.get(i) & 0xFF;
                };
            }
            return values;
        }
    }

    /** Something to be written: an array, or what becomes one when its turn comes. */
    public sealed interface Source permits Array, OnDevice {
        /** {@return the element type} */
        DataType type();

        /** {@return the extents} */
        Shape shape();

        /** {@return its numbers: row-major, little-endian} */
        ByteBuffer data();
    }

    /**
     * A tensor that is copied from its device when it is written, so that one at a time is in the host's memory.
     *
     * @param tensor the tensor
     * @param shape the extents to write
     */
    public record OnDevice(Tensor tensor, Shape shape) implements Source {
        @Override
        public DataType type() {
            return tensor.type() == DataType.F64 ? DataType.F64 : DataType.F32;
        }

        @Override
        public ByteBuffer data() {
            ByteBuffer data = buffer(Math.toIntExact(
                    Math.multiplyExact(type().bytes(), tensor.shape().size())));
            if (type() == DataType.F64) {
                data.asDoubleBuffer().put(tensor.readDoubles());
            } else {
                data.asFloatBuffer().put(tensor.readFloats());
            }
            return data;
        }
    }

    /**
     * Writes a new file, and forces it to the disk.
     *
     * @param file the file
     * @param sources arrays by name, in the order of the file
     * @return the file's SHA-256 sum
     * @throws IOException if the file system refuses
     */
    public static String write(Path file, Map<String, ? extends Source> sources) throws IOException {
        MessageDigest sum = Sha256.begin();
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
        return Sha256.end(sum);
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

    private static byte[] header(Map<String, ? extends Source> sources) {
        StringJoiner json = new StringJoiner(",", "{", "}");
        long offset = 0;
        for (Map.Entry<String, ? extends Source> entry : sources.entrySet()) {
            Source source = entry.getValue();
            Shape shape = source.shape();
            String extents =
                    Arrays.stream(shape.extents()).mapToObj(Integer::toString).collect(Collectors.joining(","));
            long end = offset + Math.multiplyExact((long) source.type().bytes(), shape.size());
            json.add(Json.quote(entry.getKey()) + ":{\"dtype\":\"" + source.type() + "\",\"shape\":[" + extents
                    + "],\"data_offsets\":[" + offset + "," + end + "]}");
            offset = end;
        }
        byte[] header = json.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(header, (header.length + 7) / 8 * 8);
        Arrays.fill(padded, header.length, padded.length, (byte) ' ');
        return padded;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads a file. Half-precision arrays (F16, BF16) are widened to F32, exactly. Arrays without elements are left out, since
     * a {@link Shape} has at least one.
     *
     * @param file the file
     * @return the arrays by name
     * @throws FileContentException if it is cut short, no such file (as the format's reference implementation, version 0.8,
     *     decides: arrays neither overlap nor leave holes), or has an array of a type or size that is not supported
     */
    public static Map<String, Array> read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            long headerLength = size < 8 ? -1 : readAt(channel, 0, 8, file).getLong();
            if (headerLength > MAXIMAL_HEADER) {
                throw FileContentException.damaged(
                        file, "it announces a header of more than " + MAXIMAL_HEADER + " bytes", null);
            }
            if (headerLength < 2 || headerLength > size - 8) {
                throw FileContentException.damaged(file, "its header is cut short", null);
            }
            ByteBuffer header = readAt(channel, 8, (int) headerLength, file);
            Map<String, Array> arrays = new LinkedHashMap<>();
            for (SafetensorsHeader.Entry entry : SafetensorsHeader.read(file, header, size - 8 - headerLength)) {
                if (!entry.isEmpty()) {
                    entry.requireSupported(file);
                    long at = 8 + headerLength + entry.begin();
                    ByteBuffer data = readAt(channel, at, (int) entry.bytes(), file);
                    arrays.put(entry.name(), new Array(entry.type(), entry.shape(), entry.numbers(data)));
                }
            }
            return arrays;
        }
    }

    private static ByteBuffer readAt(FileChannel channel, long position, int count, Path file) throws IOException {
        ByteBuffer bytes = buffer(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw FileContentException.damaged(file, "it is cut short", null);
            }
        }
        return bytes.flip();
    }
}
