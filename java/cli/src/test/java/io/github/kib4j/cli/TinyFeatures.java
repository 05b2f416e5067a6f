package io.github.kib4j.cli;

import io.github.kib4j.testkit.DataFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Small tables and arrays of three features, whose two classes can be learned. */
final class TinyFeatures {
    private TinyFeatures() {}

    private static double feature(int row, int column) {
        return row == 0 && column == 0
                ? 0.5
                : Math.pow(10, column) * (row % 2 == column % 2 ? 1 : -1) + row * 7 % 11 / 11.0;
    }

    /** Writes a table with a header; its last field is quoted, and no line ends behind it. */
    static void csv(Path file, int rows) throws IOException {
        Files.createDirectories(file.getParent());
        StringBuilder text = new StringBuilder("a b,\"b, quoted\",c,label");
        for (int i = 0; i < rows; i++) {
            text.append('\n').append(feature(i, 0)).append(',').append(feature(i, 1));
            text.append(',')
                    .append(feature(i, 2))
                    .append(",\"")
                    .append(i % 2 == 0 ? "even" : "odd")
                    .append('"');
        }
        Files.writeString(file, text.toString());
    }

    /** Writes {@code x.npy} and {@code y.npy}. */
    static void npy(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("x.npy"), samples(count));
        Files.write(folder.resolve("y.npy"), labels(count));
    }

    /** Writes an archive of both, not compressed. */
    static void npz(Path file, int count) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, DataFiles.npz(Map.of("x", samples(count), "y", labels(count))));
    }

    private static byte[] samples(int count) {
        ByteBuffer numbers = ByteBuffer.allocate(4 * 3 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 3 * count; i++) {
            numbers.putFloat((float) feature(i / 3, i % 3));
        }
        return DataFiles.npy("<f4", false, numbers.array(), count, 3);
    }

    static byte[] labels(int count) {
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % 2);
        }
        return DataFiles.npy("|u1", false, labels, count);
    }
}
