package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The array in a file of numpy's {@code savez}: a zip archive with one entry {@code NAME.npy}, which is a magic word, a version,
 * a header that is a literal of Python, and the numbers.
 */
final class Npz {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int LARGEST_HEADER = 1 << 16;
    private static final Pattern TYPE = Pattern.compile("'descr': *'([^']*)'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order': *False");
    private static final Pattern SHAPE = Pattern.compile("'shape': *\\(([0-9, ]*)\\)");

    private Npz() {}

    /** Reads the array; of several the first, which numpy calls {@code arr_0}. */
    static Numbers read(Path file) {
        try (ZipFile zip = new ZipFile(RegularFile.require(file).toFile())) {
            Optional<? extends ZipEntry> entry =
                    zip.stream().filter(e -> e.getName().endsWith(".npy")).findFirst();
            if (entry.isEmpty()) {
                throw new DatasetException("The file " + file + " holds no array of numpy; name another.");
            }
            try (InputStream in = zip.getInputStream(entry.get())) {
                return array(new Bytes(file, in));
            }
        } catch (IOException e) {
            throw unreadable(file, FileFailure.reason(e), e);
        } catch (IllegalArgumentException e) { // a name in the archive that is no text
            throw unreadable(file, "it is damaged", e);
        }
    }

    private static DatasetException unreadable(Path file, String why, Exception cause) {
        return new DatasetException("The file " + file + " cannot be read (" + why + "); fetch it again.", cause);
    }

    private static Numbers array(Bytes in) {
        byte[] start = in.read(MAGIC.length + 2L);
        int version = start[MAGIC.length];
        if (!Arrays.equals(MAGIC, 0, MAGIC.length, start, 0, MAGIC.length) || version < 1 || version > 3) {
            throw noIntegers(in);
        }
        byte[] size = in.read(version == 1 ? 2 : 4);
        int length = 0;
        for (int i = size.length - 1; i >= 0; i--) {
            length = length << 8 | size[i] & 0xFF;
        }
        if (length < 0 || length > LARGEST_HEADER) {
            throw noIntegers(in);
        }
        String header = new String(in.read(length), StandardCharsets.ISO_8859_1);
        Matcher type = TYPE.matcher(header);
        Matcher shape = SHAPE.matcher(header);
        if (!type.find() || !shape.find() || !ORDER.matcher(header).find()) {
            throw noIntegers(in);
        }
        Numbers.Type integers = Numbers.Type.numpy(type.group(1)).orElseThrow(() -> noIntegers(in));
        int[] extents = extents(shape.group(1), in);
        long elements = Numbers.size(extents);
        if (elements < 1) {
            throw noIntegers(in);
        }
        byte[] data = in.read(elements * integers.bytes());
        in.expectEnd();
        return new Numbers(integers, extents, data, 0);
    }

    private static int[] extents(String shape, Bytes in) {
        try {
            return Arrays.stream(shape.split(","))
                    .map(String::strip)
                    .filter(extent -> !extent.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
        } catch (NumberFormatException e) {
            throw noIntegers(in);
        }
    }

    private static DatasetException noIntegers(Bytes in) {
        return new DatasetException("The file " + in.file()
                + " does not hold an array of integers in C order, as numpy saves it; save it so.");
    }
}
