package io.github.kib4j.data;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** The numbers of samples, one sample after the other: bytes, or floats. */
public sealed interface Pixels {
    /**
     * Bytes, from 0 to 255, of which a network reads parts of 255.
     *
     * @param bytes the numbers
     */
    @SuppressWarnings("ArrayRecordComponent") // the numbers of a data set are shared, never compared
    record Bytes(byte[] bytes) implements Pixels {
        @Override
        public DataType type() {
            return DataType.U8;
        }

        @Override
        public int size() {
            return bytes.length;
        }

        @Override
        public double value(int index) {
            return (bytes[index] & 0xFF) / 255.0;
        }

        @Override
        public Bytes select(int[] samples, int sampleSize) {
            byte[] selected = new byte[Math.multiplyExact(samples.length, sampleSize)];
            copy(bytes, samples, sampleSize, selected);
            return new Bytes(selected);
        }

        @Override
        public void addTo(CRC32C checksum) {
            checksum.update(bytes);
        }
    }

    /**
     * Floats, which a network reads as they are.
     *
     * @param floats the numbers
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Floats(float[] floats) implements Pixels {
        private static final int AT_ONCE = 1 << 12;

        @Override
        public DataType type() {
            return DataType.F32;
        }

        @Override
        public int size() {
            return floats.length;
        }

        @Override
        public double value(int index) {
            return floats[index];
        }

        @Override
        public Floats select(int[] samples, int sampleSize) {
            float[] selected = new float[Math.multiplyExact(samples.length, sampleSize)];
            copy(floats, samples, sampleSize, selected);
            return new Floats(selected);
        }

        @Override
        public void addTo(CRC32C checksum) {
            ByteBuffer part = ByteBuffer.allocate(Float.BYTES * AT_ONCE).order(ByteOrder.LITTLE_ENDIAN);
            for (int first = 0; first < floats.length; first += AT_ONCE) {
                int count = Math.min(AT_ONCE, floats.length - first);
                part.clear().asFloatBuffer().put(floats, first, count);
                checksum.update(part.limit(Float.BYTES * count));
            }
        }
    }

    private static void copy(Object from, int[] samples, int size, Object to) {
        for (int j = 0; j < samples.length; j++) {
            System.arraycopy(from, samples[j] * size, to, j * size, size);
        }
    }

    /** {@return the type of a number: {@link DataType#U8} or {@link DataType#F32}} */
    DataType type();

    /** {@return how many numbers there are} */
    int size();

    /**
     * {@return a number as it is normalized from: a byte's part of 255, or a float}
     *
     * @param index which
     */
    double value(int index);

    /**
     * {@return the numbers of some samples, in their order}
     *
     * @param samples which, in which order
     * @param sampleSize numbers of a sample
     */
    Pixels select(int[] samples, int sampleSize);

    /**
     * Adds the numbers to a checksum.
     *
     * @param checksum receives them
     */
    void addTo(CRC32C checksum);

    /**
     * {@return the bytes, unsigned}
     *
     * @throws RefusedException if the numbers are floats
     */
    default byte[] bytes() {
        throw new RefusedException("The numbers are floats, not bytes.");
    }

    /**
     * {@return the floats}
     *
     * @throws RefusedException if the numbers are bytes
     */
    default float[] floats() {
        throw new RefusedException("The numbers are bytes, not floats.");
    }
}
