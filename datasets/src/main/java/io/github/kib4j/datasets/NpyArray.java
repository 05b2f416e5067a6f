package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * An array of numpy's {@code save}: a magic word, a version, a header that is a literal of Python, and the numbers; a file of
 * {@code savez} is a zip archive of such, each of which is called as its array. Arrays in Fortran's order are put into C's.
 *
 * @param name of the array: the file's, or the archive's and its own in it
 * @param type how a number lies in memory
 * @param extents outermost first
 * @param data row-major
 */
@SuppressWarnings("ArrayRecordComponent") // holds what was read, never compared
public record NpyArray(String name, NpyArray.Type type, int[] extents, byte[] data) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int LARGEST_HEADER = 1 << 16;
    private static final int MOST_AXES = 32;
    private static final Pattern TYPE = Pattern.compile("'descr': *'([^']*)'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order': *(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape': *\\(([0-9, ]*)\\)");
    private static final Pattern NUMBERS = Pattern.compile("([<>|=]?)([iufb])([1248])");

    /**
     * How a number lies in memory.
     *
     * @param kind {@code i} for integers, {@code u} for unsigned ones, {@code b} for truth values, {@code f} for floats
     * @param bytes of a number
     * @param order of its bytes
     */
    public record Type(char kind, int bytes, ByteOrder order) {
        /** {@return whether numbers are floats} */
        public boolean isFloating() {
            return kind == 'f';
        }

        /** {@return whether numbers are from 0 to 255} */
        public boolean isUnsignedBytes() {
            return kind == 'u' && bytes == 1;
        }
    }

    /** Returns whether a file's name is that of such an array or of an archive of them. */
    static boolean isNamedSo(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString();
        return name.toLowerCase(Locale.ROOT).matches("[^.].*\\.np[yz]");
    }

    static boolean isArchive(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".npz");
    }

    /**
     * {@return the array of a file}
     *
     * @param file of one array
     * @throws DatasetException if it is none, damaged, or not of numbers
     */
    public static NpyArray read(Path file) {
        try (Bytes in = new Bytes(RegularFile.require(file))) {
            return array(file.toString(), in);
        }
    }

    /**
     * {@return the arrays of an archive, by their names, in its order}
     *
     * @param file of numpy's {@code savez}
     * @throws DatasetException if it is none, damaged, holds no array, or one that is not of numbers
     */
    public static Map<String, NpyArray> readAll(Path file) {
        Map<String, NpyArray> arrays = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(RegularFile.require(file).toFile())) {
            List<? extends ZipEntry> entries = zip.stream()
                    .filter(entry -> entry.getName().endsWith(".npy"))
                    .toList();
            for (ZipEntry entry : entries) {
                String name = entry.getName().substring(0, entry.getName().length() - ".npy".length());
                try (InputStream in = zip.getInputStream(entry)) {
                    arrays.put(name, array(FileFailure.printable(name) + " in " + file, new Bytes(file, in)));
                }
            }
        } catch (IOException e) {
            throw unreadable(file, FileFailure.reason(e), e);
        } catch (IllegalArgumentException e) { // a name in the archive that is no text
            throw unreadable(file, "it is damaged", e);
        }
        if (arrays.isEmpty()) {
            throw new DatasetException("The file " + file + " holds no array of numpy; name another.");
        }
        return arrays;
    }

    private static DatasetException unreadable(Path file, String why, Exception cause) {
        return new DatasetException("The file " + file + " cannot be read (" + why + "); write it again.", cause);
    }

    private static DatasetException bad(String name, String why) {
        return new DatasetException("The array " + name + " " + why + ".");
    }

    private static NpyArray array(String name, Bytes in) {
        byte[] start = in.read(MAGIC.length + 2L);
        int version = start[MAGIC.length];
        if (!Arrays.equals(MAGIC, 0, MAGIC.length, start, 0, MAGIC.length) || version < 1 || version > 3) {
            throw bad(name, "is not one of numpy's; write it by numpy.save");
        }
        byte[] size = in.read(version == 1 ? 2 : 4);
        int length = 0;
        for (int i = size.length - 1; i >= 0; i--) {
            length = length << 8 | size[i] & 0xFF;
        }
        if (length < 0 || length > LARGEST_HEADER) {
            throw bad(name, "has a header of " + (length & 0xFFFFFFFFL) + " bytes, which none has; write it again");
        }
        String header = new String(in.read(length), StandardCharsets.ISO_8859_1);
        Matcher descr = TYPE.matcher(header);
        Matcher order = ORDER.matcher(header);
        Matcher shape = SHAPE.matcher(header);
        if (!descr.find()) {
            throw bad(name, "is not of numbers of one type; write it with such a dtype");
        }
        if (!order.find() || !shape.find()) {
            throw bad(name, "has a header that does not say its shape and order; write it again");
        }
        Matcher numbers = NUMBERS.matcher(descr.group(1));
        if (!numbers.matches()
                || (numbers.group(2).equals("f") && numbers.group(3).equals("1"))
                || (numbers.group(2).equals("b") && !numbers.group(3).equals("1"))) {
            throw bad(
                    name,
                    "is of numpy's type '" + FileFailure.printable(descr.group(1))
                            + "', but integers and floats of 16, 32 or 64 bits are read; write it so");
        }
        Type type = new Type(
                numbers.group(2).charAt(0),
                Integer.parseInt(numbers.group(3)),
                numbers.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        int[] extents = extents(name, shape.group(1));
        long elements = Numbers.size(extents);
        if (elements < 1 || elements * type.bytes() > Integer.MAX_VALUE) {
            throw bad(
                    name, "has the shape (" + shape.group(1).strip() + "), of which there are no numbers or too many");
        }
        byte[] data = in.read(elements * type.bytes());
        in.expectEnd();
        boolean fortran = order.group(1).equals("True") && extents.length > 1;
        return new NpyArray(name, type, extents, fortran ? inRows(data, extents, type.bytes()) : data);
    }

    private static int[] extents(String name, String shape) {
        try {
            int[] extents = Arrays.stream(shape.split(","))
                    .map(String::strip)
                    .filter(extent -> !extent.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
            if (extents.length <= MOST_AXES) {
                return extents;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw bad(name, "has a shape that cannot be: (" + FileFailure.printable(shape) + ")");
    }

    /** Returns the numbers of which the first index moves fastest so that the last one does. */
    private static byte[] inRows(byte[] columns, int[] extents, int bytes) {
        byte[] rows = new byte[columns.length];
        int[] index = new int[extents.length];
        int[] stride = new int[extents.length];
        int step = bytes;
        for (int axis = 0; axis < extents.length; axis++) {
            stride[axis] = step;
            step *= extents[axis];
        }
        int from = 0;
        for (int to = 0; to < rows.length; to += bytes) {
            System.arraycopy(columns, from, rows, to, bytes);
            for (int axis = extents.length - 1; axis >= 0; axis--) {
                from += stride[axis];
                if (++index[axis] < extents[axis]) {
                    break;
                }
                from -= stride[axis] * extents[axis];
                index[axis] = 0;
            }
        }
        return rows;
    }

    /** {@return how many samples there are: the first extent; 1 of a single number} */
    public int count() {
        return extents.length == 0 ? 1 : extents[0];
    }

    /** Returns the extents in words. */
    String shape() {
        return "("
                + Arrays.stream(extents)
                        .mapToObj(String::valueOf)
                        .reduce((a, b) -> a + ", " + b)
                        .orElse("") + ")";
    }

    /** {@return all numbers in single precision} */
    public float[] floats() {
        float[] floats = new float[data.length / type.bytes()];
        ByteBuffer in = ByteBuffer.wrap(data).order(type.order());
        for (int i = 0; i < floats.length; i++) {
            floats[i] = type.isFloating() ? floating(in, i * type.bytes()) : (float) integer(in, i);
        }
        return floats;
    }

    private float floating(ByteBuffer in, int place) {
        return switch (type.bytes()) {
            case 2 -> half(in.getShort(place));
            case 4 -> in.getFloat(place);
            default -> (float) in.getDouble(place);
        };
    }

    /** Returns a number of IEEE half precision. */
    static float half(short bits) {
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        float size = exponent == 0
                ? fraction * 0x1p-24f
                : exponent == 0x1F
                        ? (fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN)
                        : (0x400 + fraction) * (float) Math.scalb(1.0, exponent - 25);
        return bits < 0 ? -size : size;
    }

    private long integer(ByteBuffer in, int index) {
        int place = index * type.bytes();
        boolean signed = type.kind() == 'i';
        return switch (type.bytes()) {
            case 1 -> signed ? in.get(place) : in.get(place) & 0xFF;
            case 2 -> signed ? in.getShort(place) : in.getShort(place) & 0xFFFF;
            case 4 -> signed ? in.getInt(place) : in.getInt(place) & 0xFFFFFFFFL;
            default -> in.getLong(place);
        };
    }

    /**
     * {@return labels: a list of integers, or a table of one column}
     *
     * @throws DatasetException if it is another array
     */
    public long[] labels() {
        boolean list = extents.length == 1 || (extents.length == 2 && extents[1] == 1);
        if (!list || type.isFloating()) {
            throw bad(
                    name,
                    "of shape " + shape() + (type.isFloating() ? ", of floats," : "")
                            + " holds no labels; these are integers, one for each sample");
        }
        ByteBuffer in = ByteBuffer.wrap(data).order(type.order());
        long[] labels = new long[extents[0]];
        Arrays.setAll(labels, i -> integer(in, i));
        return labels;
    }
}
