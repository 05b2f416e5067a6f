package io.github.kib4j.cli;

import io.github.kib4j.testkit.DataFiles;
import io.github.kib4j.testkit.Pickles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Small data sets of every format, whose classes can be learned. */
final class TinyImages {
    static final int CIFAR_RECORD = 3073;

    private static final int SIZE = 8;

    private TinyImages() {}

    /** Writes the four idx files of a data set of 8x8 images. */
    static void idx(Path folder, int train, int test) throws IOException {
        Files.createDirectories(folder);
        Random random = new Random(20);
        idx(folder, "train", train, random);
        idx(folder, "t10k", test, random);
    }

    private static void idx(Path folder, String part, int count, Random random) throws IOException {
        int size = SIZE * SIZE;
        byte[] images =
                DataFiles.idx(i -> random.nextInt(100) + (i % size / 6 == i / size % 10 ? 150 : 0), count, SIZE, SIZE);
        Files.write(folder.resolve(part + "-images-idx3-ubyte"), images);
        Files.write(folder.resolve(part + "-labels-idx1-ubyte"), DataFiles.idx(i -> i % 10, count));
    }

    /** Writes the four files of STL-10's binary version. */
    static void stl10(Path folder, int train, int test) throws IOException {
        Files.createDirectories(folder);
        Random random = new Random(20);
        for (String part : new String[] {"train", "test"}) {
            int count = part.equals("train") ? train : test;
            byte[] images = new byte[count * 3 * 96 * 96];
            random.nextBytes(images);
            Files.write(folder.resolve(part + "_X.bin"), images);
            byte[] labels = new byte[count];
            for (int i = 0; i < count; i++) {
                labels[i] = (byte) (1 + i % 10);
            }
            Files.write(folder.resolve(part + "_y.bin"), labels);
        }
    }

    /** Writes the six files of CIFAR-10's binary version, of {@code count} images each. */
    static void cifar(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        for (int file = 1; file <= 6; file++) {
            Files.write(
                    folder.resolve(file == 6 ? "test_batch.bin" : "data_batch_" + file + ".bin"),
                    records(count, CIFAR_RECORD));
        }
    }

    /** Writes the two files of CIFAR-100's binary version, of {@code count} images each. */
    static void cifar100(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        for (String file : new String[] {"train.bin", "test.bin"}) {
            Files.write(folder.resolve(file), records(count, CIFAR_RECORD + 1));
        }
    }

    /** Writes the files of CIFAR-10's version for Python, of {@code count} images each, and of the classes' names. */
    static void cifarPython(Path folder, int count) throws IOException {
        cifar(folder, count);
        for (int file = 1; file <= 6; file++) {
            Path binary = folder.resolve(file == 6 ? "test_batch.bin" : "data_batch_" + file + ".bin");
            byte[] pickled = pickled("labels", Files.readAllBytes(binary), CIFAR_RECORD);
            Files.write(folder.resolve(binary.getFileName().toString().replace(".bin", "")), pickled);
            Files.delete(binary);
        }
        List<String> names = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
        Files.write(folder.resolve("batches.meta"), Pickles.of(Map.of("label_names", names)));
    }

    /** Writes the two files of CIFAR-100's version for Python, of {@code count} images each. */
    static void cifar100Python(Path folder, int count) throws IOException {
        cifar100(folder, count);
        for (String part : new String[] {"train", "test"}) {
            Path binary = folder.resolve(part + ".bin");
            Files.write(folder.resolve(part), pickled("fine_labels", Files.readAllBytes(binary), CIFAR_RECORD + 1));
            Files.delete(binary);
        }
    }

    /** Returns the batch of these records, as Python 2 wrote it. */
    private static byte[] pickled(String labels, byte[] records, int size) {
        int count = records.length / size;
        byte[] pixels = new byte[count * (CIFAR_RECORD - 1)];
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int start = (i + 1) * size - CIFAR_RECORD;
            numbers.add(records[start] & 0xFF);
            System.arraycopy(records, start + 1, pixels, i * (CIFAR_RECORD - 1), CIFAR_RECORD - 1);
        }
        return Pickles.of(Map.of(labels, numbers, "data", new Pickles.Bytes(count, CIFAR_RECORD - 1, pixels)));
    }

    private static byte[] records(int count, int size) {
        byte[] records = new byte[count * size];
        new Random(count).nextBytes(records);
        for (int i = 0; i < count; i++) {
            records[i * size + size - CIFAR_RECORD] = (byte) (i % 10);
        }
        return records;
    }

    /** Puts every file of a folder into a gzipped one in its place. */
    static void zip(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                DataFiles.write(file.resolveSibling(file.getFileName() + ".gz"), Files.readAllBytes(file));
                Files.delete(file);
            }
        }
    }

    /** Returns the gzipped tar archive of the files in a folder. */
    static byte[] tarGz(Path folder) throws IOException {
        Map<String, byte[]> contents = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                contents.put("cifar-10-batches-bin/" + file.getFileName(), Files.readAllBytes(file));
            }
        }
        return DataFiles.gzip(DataFiles.tar(contents));
    }

    /** Writes a folder of {@code count} PNG images for each of these classes. */
    static void png(Path folder, int count, String... classes) throws IOException {
        for (String name : classes) {
            Files.createDirectories(folder.resolve(name));
            for (int i = 0; i < count; i++) {
                image(folder.resolve(name).resolve(i + ".png"), SIZE, SIZE);
            }
        }
    }

    /** Writes an image of the format that the file's name ends with. */
    static void image(Path file, int width, int height) throws IOException {
        String name = file.toString();
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        if (!ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile())) {
            throw new IOException("no format of this name: " + name);
        }
    }
}
