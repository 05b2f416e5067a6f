package io.github.kib4j.files;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What files of NumPy's format {@code .npy} (version 1.0) begin with; row-major, little-endian numbers follow. */
public final class Npy {
    private static final int ALIGNMENT = 64;
    private static final int PREFIX = 10;

    private Npy() {}

    /**
     * {@return the header of an array}
     *
     * @param type F32, F64 or I32
     * @param shape the extents
     */
    public static byte[] header(DataType type, Shape shape) {
        String extents =
                Arrays.stream(shape.extents()).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        String text = "{'descr': '" + name(type) + "', 'fortran_order': False, 'shape': (" + extents
                + (shape.rank() == 1 ? ",)" : ")") + ", }";
        int length = (PREFIX + text.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        byte[] header = new byte[length];
        Arrays.fill(header, (byte) ' ');
        byte[] magic = {
            (byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) (length - PREFIX), (byte) (length - PREFIX >> 8)
        };
        System.arraycopy(magic, 0, header, 0, PREFIX);
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, header, PREFIX, ascii.length);
        header[length - 1] = '\n';
        return header;
    }

    private static String name(DataType type) {
        return switch (type) {
            case F64 -> "<f8";
            case F32 -> "<f4";
            case I32 -> "<i4";
            default -> throw new IllegalArgumentException("no array of " + type + " is written");
        };
    }
}
