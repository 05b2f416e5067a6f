package io.github.kib4j.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Files of data sets as their publishers make them, byte for byte, for tests of those who read them. */
public final class DataFiles {
    /** Tar's blocks are of this many bytes. */
    private static final int BLOCK = 512;

    private DataFiles() {}

    /**
     * Returns a file of MNIST's format: {@code 0x08, the number of extents, extents, bytes}.
     *
     * @param number by its place, whose lowest byte is written
     * @param extents of images count, height and width; of labels their count
     * @return a file's bytes
     */
    public static byte[] idx(IntUnaryOperator number, int... extents) {
        int header = 4 + 4 * extents.length;
        int size = 1;
        for (int extent : extents) {
            size *= extent;
        }
        ByteBuffer bytes = ByteBuffer.allocate(header + size).putInt(0x800 + extents.length);
        for (int extent : extents) {
            bytes.putInt(extent);
        }
        for (int i = 0; i < size; i++) {
            bytes.put((byte) number.applyAsInt(i));
        }
        return bytes.array();
    }

    /**
     * Returns an array as numpy's {@code save} writes it.
     *
     * @param type numpy's name of it, for example {@code <f4}
     * @param fortran whether the first index moves fastest
     * @param numbers the bytes of the array
     * @param extents outermost first
     * @return a file's bytes
     */
    public static byte[] npy(String type, boolean fortran, byte[] numbers, int... extents) {
        String shape = IntStream.of(extents).mapToObj(extent -> extent + ", ").collect(Collectors.joining());
        String header = "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': ("
                + shape.stripTrailing() + "), }";
        String padded = header + " ".repeat(63 - (header.length() + 10) % 64) + "\n";
        ByteBuffer file =
                ByteBuffer.allocate(10 + padded.length() + numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) padded.length());
        return file.put(padded.getBytes(StandardCharsets.ISO_8859_1))
                .put(numbers)
                .array();
    }

    /**
     * Returns an archive as numpy's {@code savez} writes it.
     *
     * @param arrays files of arrays by their names
     * @return a file's bytes
     */
    public static byte[] npz(Map<String, byte[]> arrays) {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(archive)) {
            for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
                zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
                zip.write(array.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return archive.toByteArray();
    }

    /**
     * Writes a file, gzipped if its name ends with {@code gz}, into a folder that is made if need be.
     *
     * @param file where
     * @param bytes before they are packed
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, file.toString().endsWith("gz") ? gzip(bytes) : bytes);
    }

    /**
     * Returns bytes packed by gzip.
     *
     * @param bytes of a file
     * @return those of the packed file
     */
    public static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(zipped)) {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return zipped.toByteArray();
    }

    /**
     * Returns an archive as POSIX's {@code ustar} has it.
     *
     * @param files contents by name; of names up to 100 bytes
     * @return the archive's bytes
     */
    public static byte[] tar(Map<String, byte[]> files) {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        files.forEach((name, bytes) -> {
            archive.writeBytes(header(name, bytes.length));
            archive.writeBytes(bytes);
            archive.writeBytes(new byte[(BLOCK - bytes.length % BLOCK) % BLOCK]);
        });
        archive.writeBytes(new byte[2 * BLOCK]);
        return archive.toByteArray();
    }

    private static byte[] header(String name, int size) {
        String blanks = " ".repeat(8);
        String numbers = String.format("%07o\0%07o\0%07o\0%011o\0%011o\0", 0644, 0, 0, size, 0);
        ByteBuffer header = ByteBuffer.allocate(BLOCK);
        header.put(name.getBytes(StandardCharsets.UTF_8)).position(100);
        header.put((numbers + blanks + "0").getBytes(StandardCharsets.UTF_8)).position(257);
        header.put("ustar\00000".getBytes(StandardCharsets.UTF_8));
        int sum = 0;
        for (byte b : header.array()) {
            sum += b & 0xFF;
        }
        header.position(148).put(String.format("%06o\0 ", sum).getBytes(StandardCharsets.UTF_8));
        return header.array();
    }
}
