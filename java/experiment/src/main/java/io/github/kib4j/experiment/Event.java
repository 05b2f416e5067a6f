package io.github.kib4j.experiment;

import io.github.kib4j.files.ProtobufMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A message of TensorBoard's files ({@code event.proto} and {@code summary.proto} of TensorFlow), and the records that they consist
 * of ({@code TFRecord}): length, masked CRC-32C of the length, message, masked CRC-32C of the message; little-endian.
 *
 * @param step of the run
 * @param startsSession whether what is there of this step and later ones is to be dropped
 * @param message the bytes of the message
 */
@SuppressWarnings("ArrayRecordComponent") // written and read as they are
record Event(long step, boolean startsSession, byte[] message) {
    private static final int HEAD = Long.BYTES + Integer.BYTES;
    private static final int MASK = 0xa282ead8;

    // Numbers of the fields, and the types of the wire.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;
    private static final int VALUE = 1;
    private static final int TAG = 1;
    private static final int SIMPLE_VALUE = 2;
    private static final int STATUS = 1;
    private static final int START = 1;
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    /** Returns what a file begins with. */
    static Event version(double seconds) {
        ProtobufMessage message =
                new ProtobufMessage().number(WALL_TIME, seconds).bytes(FILE_VERSION, "brain.Event:2");
        return new Event(0, false, message.toBytes());
    }

    /** Returns what a session begins with. */
    static Event start(double seconds, long step) {
        ProtobufMessage message =
                new ProtobufMessage().number(WALL_TIME, seconds).number(STEP, step);
        message.message(SESSION_LOG, new ProtobufMessage().number(STATUS, START));
        return new Event(step, true, message.toBytes());
    }

    /**
     * Returns scalars of a step.
     *
     * @param seconds since 1970
     */
    static Event scalars(double seconds, long step, Map<String, Float> scalars) {
        ProtobufMessage summary = new ProtobufMessage();
        scalars.forEach((tag, number) ->
                summary.message(VALUE, new ProtobufMessage().bytes(TAG, tag).number(SIMPLE_VALUE, number)));
        ProtobufMessage message =
                new ProtobufMessage().number(WALL_TIME, seconds).number(STEP, step);
        return new Event(step, false, message.message(SUMMARY, summary).toBytes());
    }

    /** Returns the message as a record of a file. */
    byte[] record() {
        ByteBuffer record =
                ByteBuffer.allocate(HEAD + message.length + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(message.length).putInt(masked(record.array(), 0, Long.BYTES));
        record.put(message).putInt(masked(message, 0, message.length));
        return record.array();
    }

    private static int masked(byte[] bytes, int first, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, first, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }

    /** Returns the messages of a file that have a step, up to the first record that is damaged or half. */
    static List<Event> read(byte[] file) {
        List<Event> events = new ArrayList<>();
        ByteBuffer records = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        while (records.remaining() >= HEAD) {
            int at = records.position();
            long length = records.getLong();
            boolean whole = records.getInt() == masked(file, at, Long.BYTES)
                    && length >= 0
                    && length <= records.remaining() - Integer.BYTES;
            if (!whole) {
                break;
            }
            byte[] message = new byte[(int) length];
            records.get(message);
            if (records.getInt() != masked(message, 0, message.length)) {
                break;
            }
            of(message, events);
        }
        return events;
    }

    private static void of(byte[] message, List<Event> events) {
        ByteBuffer fields = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        long step = 0;
        boolean starts = false;
        boolean summary = false;
        while (fields.hasRemaining()) {
            long key = varint(fields);
            int field = (int) (key >>> 3);
            switch ((int) (key & 7)) {
                case VARINT -> {
                    long number = varint(fields);
                    step = field == STEP ? number : step;
                }
                case FIXED64 -> fields.getLong();
                case FIXED32 -> fields.getInt();
                case BYTES -> {
                    starts |= field == SESSION_LOG;
                    summary |= field == SUMMARY;
                    int length = (int) varint(fields);
                    fields.position(fields.position() + length);
                }
                default -> throw new IllegalArgumentException("no type of the wire: " + key);
            }
        }
        if (starts || summary) {
            events.add(new Event(step, starts, message));
        }
    }

    private static long varint(ByteBuffer fields) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte part = fields.get();
            value |= (long) (part & 0x7f) << shift;
            if (part >= 0) {
                return value;
            }
        }
    }
}
