package io.github.kib4j.datasets;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An array of integers as a file holds it.
 *
 * @param extents outermost first
 * @param data row-major, from {@code offset} on
 */
@SuppressWarnings("ArrayRecordComponent") // holds what was read, never compared
record Numbers(Type type, int[] extents, byte[] data, int offset) {
    /** The largest class number that is believed to be one. */
    private static final int LARGEST_LABEL = 1_000_000_000;

    /** How an integer lies in memory. */
    record Type(int bytes, boolean signed, ByteOrder order) {
        static final Type UNSIGNED_BYTES = new Type(1, false, ByteOrder.BIG_ENDIAN);

        private static final Pattern OF_NUMPY = Pattern.compile("([<>|=]?)([iu])([1248])");

        /** Returns the type of numpy's name, for example {@code <i8}; empty if it is none of integers. */
        static Optional<Type> numpy(String name) {
            Matcher parts = OF_NUMPY.matcher(name);
            return parts.matches()
                    ? Optional.of(new Type(
                            Integer.parseInt(parts.group(3)),
                            parts.group(2).equals("i"),
                            parts.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN))
                    : Optional.empty();
        }

        boolean isUnsignedBytes() {
            return bytes == 1 && !signed;
        }
    }

    /** Returns the number of elements; negative if that is too many to be in memory. */
    static long size(int[] extents) {
        long size = 1;
        for (int extent : extents) {
            size = extent < 0 || size < 0 || size * extent > Integer.MAX_VALUE ? -1 : size * extent;
        }
        return size;
    }

    /** Returns the extents but the first, in words: {@code 28 x 28}. */
    String row() {
        return String.join(
                " x ", Arrays.stream(extents).skip(1).mapToObj(String::valueOf).toList());
    }

    /**
     * Returns class numbers: the elements, or of a table its first column.
     *
     * @param file for the message
     */
    int[] labels(Object file) {
        if (extents.length != 1 && extents.length != 2) {
            throw new DatasetException("The file " + file + " has labels in " + extents.length
                    + " dimensions, but they must be a list, or a table whose first column is the class.");
        }
        int columns = extents.length == 1 ? 1 : extents[1];
        ByteBuffer in = ByteBuffer.wrap(data).order(type.order());
        int[] labels = new int[extents[0]];
        for (int i = 0; i < labels.length; i++) {
            long label = at(in, offset + i * columns * type.bytes());
            if (label < 0 || label > LARGEST_LABEL) {
                throw new DatasetException("The file " + file + " has label " + label + " at image " + i
                        + ", but labels are 0 or more; it is damaged or not of labels.");
            }
            labels[i] = (int) label;
        }
        return labels;
    }

    private long at(ByteBuffer in, int position) {
        return switch (type.bytes()) {
            case 1 -> type.signed() ? in.get(position) : in.get(position) & 0xFF;
            case 2 -> type.signed() ? in.getShort(position) : in.getShort(position) & 0xFFFF;
            case 4 -> type.signed() ? in.getInt(position) : in.getInt(position) & 0xFFFFFFFFL;
            default -> in.getLong(position);
        };
    }
}
