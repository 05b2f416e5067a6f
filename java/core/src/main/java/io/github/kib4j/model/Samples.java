package io.github.kib4j.model;

import io.github.kib4j.data.Pixels;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Samples that a model is asked about, one after the other, each in {@code C,H,W} order: as bytes, of which 255 is 1, or as floats.
 * They are as those that the network was trained on, before any normalization, which the model knows. Nothing is copied: the numbers
 * are read when a model is asked.
 */
public final class Samples {
    private final DataType type;
    private final long numbers;
    private final Copy copy;

    /** Of float samples one array for each; empty else. */
    private final float[][] rows;

    private interface Copy {
        /** Copies {@code count} samples of {@code width} numbers, from sample {@code first} on, into an array, from its start. */
        void copy(int first, int count, int width, Object to);
    }

    private Samples(DataType type, long numbers, float[][] rows, Copy copy) {
        this.type = type;
        this.numbers = numbers;
        this.rows = rows;
        this.copy = copy;
    }

    /**
     * {@return samples as bytes}
     *
     * @param pixels sample after sample
     */
    public static Samples ofBytes(byte[] pixels) {
        return new Samples(
                DataType.U8,
                pixels.length,
                new float[0][],
                (first, count, width, to) -> System.arraycopy(pixels, first * width, to, 0, count * width));
    }

    /**
     * {@return samples as floats}
     *
     * @param samples one row each
     */
    public static Samples of(float[][] samples) {
        long numbers = Arrays.stream(samples).mapToLong(row -> row.length).sum();
        return new Samples(DataType.F32, numbers, samples, (first, count, width, to) -> {
            for (int i = 0; i < count; i++) {
                System.arraycopy(samples[first + i], 0, to, i * width, width);
            }
        });
    }

    /**
     * {@return samples as floats}
     *
     * @param numbers sample after sample
     */
    public static Samples of(float[] numbers) {
        return of(FloatBuffer.wrap(numbers));
    }

    /**
     * {@return samples as floats}
     *
     * @param numbers sample after sample, from the buffer's position to its limit
     */
    public static Samples of(FloatBuffer numbers) {
        FloatBuffer own = numbers.slice();
        return new Samples(
                DataType.F32,
                own.capacity(),
                new float[0][],
                (first, count, width, to) -> own.get(first * width, (float[]) to, 0, count * width));
    }

    /**
     * {@return a data set's samples}
     *
     * @param pixels bytes or floats
     */
    public static Samples of(Pixels pixels) {
        return pixels.type() == DataType.U8 ? ofBytes(pixels.bytes()) : of(pixels.floats());
    }

    /**
     * {@return samples that are on a device}
     *
     * @param samples {@code [n, ...]}: U8 for bytes, else floating; read now
     */
    public static Samples of(Tensor samples) {
        if (samples.type() == DataType.U8) {
            return ofBytes(samples.readBytes());
        }
        if (!samples.type().isFloating()) {
            throw new RefusedException("Samples are bytes or floats, but the tensor is of " + samples.type() + ".");
        }
        return of(samples.readFloats());
    }

    /** Returns whether they are bytes, or floats. */
    DataType type() {
        return type;
    }

    /** Returns how many samples of this shape they are; refuses what is no whole number of them. */
    int count(Shape sample) {
        long size = sample.size();
        int odd = IntStream.range(0, rows.length)
                .filter(i -> rows[i].length != size)
                .findFirst()
                .orElse(-1);
        if (odd >= 0) {
            throw new RefusedException("Sample " + odd + " has " + rows[odd].length + " numbers, but the network reads "
                    + size + " (" + sample + ").");
        }
        if (numbers % size != 0) {
            throw new RefusedException(numbers + " numbers are no whole number of samples: the network reads " + size
                    + " for each (" + sample + ").");
        }
        return Math.toIntExact(numbers / size);
    }

    /** Copies samples as bytes, from the one of number {@code first} on. */
    void copy(int first, int count, int width, byte[] to) {
        copy.copy(first, count, width, to);
    }

    /** Copies samples as floats, from the one of number {@code first} on; refuses numbers that are not finite. */
    void copy(int first, int count, int width, float[] to) {
        copy.copy(first, count, width, to);
        for (int i = 0; i < count * width; i++) {
            if (!Float.isFinite(to[i])) {
                throw new RefusedException("Number " + i % width + " of sample " + (first + i / width) + " is " + to[i]
                        + "; give numbers that are finite.");
            }
        }
    }
}
