package io.github.kib4j.files;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A message of Protocol Buffers that is written field by field, so that the library pushes no library for it on its users. Bytes are
 * kept as they are given, not copied, also of messages in messages.
 */
public final class ProtobufMessage {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final List<byte[]> parts = new ArrayList<>();
    private long size;

    /** Creates an empty message. */
    public ProtobufMessage() {}

    private void add(byte[] part) {
        parts.add(part);
        size += part.length;
    }

    private static byte[] varint(long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long rest = value;
        for (; (rest & ~0x7fL) != 0; rest >>>= 7) {
            out.write((int) (rest & 0x7f | 0x80));
        }
        out.write((int) rest);
        return out.toByteArray();
    }

    private ProtobufMessage key(int field, int type) {
        add(varint((long) field << 3 | type));
        return this;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Adds an integer, or a truth value, or a constant of an enumeration.
     *
     * @param field number of the field
     * @param value the integer
     * @return this message
     */
    public ProtobufMessage number(int field, long value) {
        key(field, VARINT).add(varint(value));
        return this;
    }

    /**
     * Adds a number in double precision.
     *
     * @param field number of the field
     * @param value the number
     * @return this message
     */
    public ProtobufMessage number(int field, double value) {
        key(field, FIXED64).add(little(Long.BYTES).putDouble(value).array());
        return this;
    }

    /**
     * Adds a number in single precision.
     *
     * @param field number of the field
     * @param value the number
     * @return this message
     */
    public ProtobufMessage number(int field, float value) {
        key(field, FIXED32).add(little(Integer.BYTES).putFloat(value).array());
        return this;
    }

    /**
     * Adds bytes.
     *
     * @param field number of the field
     * @param value the bytes, which must not change until the message is written
     * @return this message
     */
    public ProtobufMessage bytes(int field, byte[] value) {
        key(field, BYTES).add(varint(value.length));
        add(value);
        return this;
    }

    /**
     * Adds a text.
     *
     * @param field number of the field
     * @param value the text
     * @return this message
     */
    public ProtobufMessage bytes(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Adds a message.
     *
     * @param field number of the field
     * @param value the message, as it is now
     * @return this message
     */
    public ProtobufMessage message(int field, ProtobufMessage value) {
        key(field, BYTES).add(varint(value.size));
        parts.addAll(value.parts);
        size += value.size;
        return this;
    }

    /** {@return how many bytes it has} */
    public long size() {
        return size;
    }

    /**
     * Writes it.
     *
     * @param out where to
     * @throws IOException if that refuses
     */
    public void writeTo(OutputStream out) throws IOException {
        for (byte[] part : parts) {
            out.write(part);
        }
    }

    /** {@return its bytes} */
    public byte[] toBytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.toIntExact(size));
        try {
            writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not refuse
        }
        return out.toByteArray();
    }
}
