package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.testkit.DataFiles;
import io.github.kib4j.testkit.Mutations;
import io.github.kib4j.testkit.Pickles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whatever a file holds, a reader returns images that fit their labels or throws a {@link DatasetException}. In a build the kept
 * seeds and random variants are read; {@code JAZZER_FUZZ=1 mvn test -Dtest=ReadersFuzzTest#idx} fuzzes one.
 */
final class ReadersFuzzTest {
    private static final List<String> CLASSES = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    private static final int MILLISECONDS = 1500;

    private static Path folder;

    @BeforeAll
    static void makeFolder() throws IOException {
        folder = Files.createTempDirectory("kib-fuzz");
    }

    @AfterAll
    static void deleteFolder() throws IOException {
        deleteAll(folder);
    }

    private static void deleteAll(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static void check(ImageSet set) {
        assertThat(set.pixels().size()).isEqualTo((int) (set.image().size() * set.count()));
        assertThat(Arrays.stream(set.labels())).allMatch(label -> label >= 0 && label < set.classes());
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private static void allowed(Attempt attempt) throws IOException {
        try {
            attempt.run();
        } catch (DatasetException e) {
            String own = e.getMessage().replaceAll("'.*'", ""); // without what it quotes of the file
            assertThat(own).endsWith(".").doesNotContain("Exception").doesNotContain("null");
        }
    }

    /** Images, then labels: the first two bytes say where the labels begin. */
    @FuzzTest(maxDuration = "3m")
    void idx(byte[] bytes) throws IOException {
        if (bytes.length < 2) {
            return;
        }
        int split = Math.min(Math.max(2, (bytes[0] & 0xFF) << 8 | bytes[1] & 0xFF), bytes.length);
        Path images = Files.write(folder.resolve("images"), Arrays.copyOfRange(bytes, 2, split));
        Path labels = Files.write(folder.resolve("labels"), Arrays.copyOfRange(bytes, split, bytes.length));
        allowed(() -> check(Idx.read(images, labels).asClasses("fuzzed", CLASSES)));
    }

    @FuzzTest(maxDuration = "3m")
    void idxGzip(byte[] bytes) throws IOException {
        Path images = Files.write(folder.resolve("images.gz"), bytes);
        Path labels = Files.write(folder.resolve("labels.gz"), DataFiles.gzip(idxLabels(2)));
        allowed(() -> check(Idx.read(images, labels).asClasses("fuzzed", CLASSES)));
    }

    /** The first byte chooses the file of the folder, and between CIFAR-10 and -100. */
    @FuzzTest(maxDuration = "3m")
    void cifar(byte[] bytes) throws IOException {
        if (bytes.length == 0) {
            return;
        }
        boolean hundred = bytes[0] < 0;
        Cifar cifar = new Cifar(hundred, CLASSES);
        List<String> files = new ArrayList<>(cifar.trainFiles());
        files.addAll(cifar.testFiles());
        for (String file : files) {
            Files.write(folder.resolve(file), new byte[hundred ? 3074 : 3073]);
        }
        Files.write(
                folder.resolve(files.get((bytes[0] & 0x7F) % files.size())),
                Arrays.copyOfRange(bytes, 1, bytes.length));
        allowed(() -> Stream.of(cifar.read("fuzzed", folder)).forEach(ReadersFuzzTest::check));
    }

    /** A batch for Python; nothing but its reading can come of it. */
    @FuzzTest(maxDuration = "3m")
    void pickle(byte[] bytes) throws IOException {
        allowed(() -> Pickle.read(Path.of("batch"), bytes).values().forEach(value -> {
            assertThat(value).isInstanceOfAny(Numbers.class, Long.class, String.class, List.class);
            if (value instanceof Numbers numbers) {
                long end = numbers.offset()
                        + Numbers.size(numbers.extents()) * numbers.type().bytes();
                assertThat(end).isBetween(0L, (long) numbers.data().length);
            }
        }));
    }

    /** One batch of a set for Python. */
    @FuzzTest(maxDuration = "3m")
    void cifarPython(byte[] bytes) throws IOException {
        Path python = Files.createDirectories(folder.resolve("python"));
        for (int i = 1; i <= 6; i++) {
            Files.write(python.resolve(i == 6 ? "test_batch" : "data_batch_" + i), batch());
        }
        Files.write(python.resolve("data_batch_2"), bytes);
        allowed(() ->
                Stream.of(new Cifar(false, CLASSES).read("fuzzed", python)).forEach(ReadersFuzzTest::check));
    }

    private static byte[] batch() {
        return Pickles.of(Map.of("labels", List.of(3, 9), "data", new Pickles.Bytes(2, 3072, new byte[2 * 3072])));
    }

    @FuzzTest(maxDuration = "3m")
    void npz(byte[] bytes) throws IOException {
        Path images = Files.write(folder.resolve("k-train-imgs.npz"), bytes);
        Path labels = Files.write(folder.resolve("k-labels"), idxLabels(2));
        allowed(() -> check(Idx.read(images, labels).asClasses("fuzzed", CLASSES)));
    }

    /** Samples; labels are whole. */
    @FuzzTest(maxDuration = "3m")
    void npy(byte[] bytes) throws IOException {
        Path arrays = Files.createDirectories(folder.resolve("arrays"));
        Path samples = Files.write(arrays.resolve("x.npy"), bytes);
        Files.write(arrays.resolve("y.npy"), npyLabels(10));
        allowed(() -> {
            Dataset set = NpySet.read(samples, Reading.ALL, note -> {});
            check(set.train());
            check(set.test());
        });
        Files.write(arrays.resolve("x.npy"), DataFiles.npy("|u1", false, new byte[20], 10, 2));
        Files.write(arrays.resolve("y.npy"), bytes);
        allowed(() -> check(NpySet.read(samples, Reading.ALL, note -> {}).train()));
    }

    /** The labels of one image or more, or what comes behind the first byte as the images of one. */
    @FuzzTest(maxDuration = "3m")
    void stl10(byte[] bytes) throws IOException {
        Path files = Files.createDirectories(folder.resolve("stl10"));
        for (String part : List.of("train", "test")) {
            Files.write(files.resolve(part + "_X.bin"), new byte[3 * 96 * 96]);
            Files.write(files.resolve(part + "_y.bin"), new byte[] {1});
        }
        boolean labels = bytes.length > 0 && bytes[0] < 0;
        Files.write(files.resolve(labels ? "train_y.bin" : "class_names.txt"), bytes);
        allowed(() -> check(Stl10.read(files).train()));
    }

    @FuzzTest(maxDuration = "3m")
    void npzSet(byte[] bytes) throws IOException {
        Path archive = Files.write(folder.resolve("set.npz"), bytes);
        allowed(() -> check(NpySet.read(archive, Reading.ALL, note -> {}).train()));
    }

    private static byte[] npyLabels(int count) {
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % 2);
        }
        return DataFiles.npy("|i1", false, labels, count);
    }

    @FuzzTest(maxDuration = "3m")
    void csv(byte[] bytes) throws IOException {
        Path table = Files.write(folder.resolve("table.csv"), bytes);
        allowed(() -> check(CsvSet.read(table, Reading.ALL).train()));
        allowed(() -> {
            CsvTable read = CsvTable.unlabelled(table, List.of());
            assertThat(read.numbers()).hasSize(read.rows() * read.features().size());
        });
    }

    /** Names of idx files, in any number. */
    @FuzzTest(maxDuration = "3m")
    void idxNames(FuzzedDataProvider data) throws IOException {
        Path root = Files.createTempDirectory(folder, "names");
        for (int i = 0; i < 8 && data.remainingBytes() > 0; i++) {
            try {
                Files.write(root.resolve(data.consumeString(40).replace('/', '_')), idxLabels(2));
            } catch (InvalidPathException | java.nio.file.FileSystemException e) {
                // no name that a file can have
            }
        }
        allowed(() -> IdxSet.read(IdxFiles.only(root), note -> {}));
        deleteAll(root);
    }

    @FuzzTest(maxDuration = "3m")
    void tarGz(byte[] bytes) throws IOException {
        Path archive = Files.write(folder.resolve("archive.tar.gz"), bytes);
        allowed(() ->
                Stream.of(new Cifar(false, CLASSES).read("fuzzed", archive)).forEach(ReadersFuzzTest::check));
    }

    @FuzzTest(maxDuration = "3m")
    void tar(byte[] bytes) throws IOException {
        tarGz(DataFiles.gzip(bytes));
    }

    @FuzzTest(maxDuration = "3m")
    void image(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("image.png"), bytes);
        allowed(() -> {
            ImageFile image = ImageFile.read(file, null);
            assertThat((long) image.pixels().length).isEqualTo(image.shape().size());
        });
    }

    /** Folders and files of any names, with images that are whole. */
    @FuzzTest(maxDuration = "3m")
    void folderNames(FuzzedDataProvider data) throws IOException {
        Path root = Files.createTempDirectory(folder, "folders");
        for (int i = 0; i < 4 && data.remainingBytes() > 0; i++) {
            makeImages(root, data.consumeString(20), data.consumeString(12));
        }
        allowed(() -> {
            Dataset set = ImageFolder.read(root, Reading.ALL, note -> {});
            check(set.train());
            check(set.test());
        });
        deleteAll(root);
    }

    private static void makeImages(Path root, String directory, String name) throws IOException {
        try {
            Path made = root.resolve(directory.replace('/', '_'));
            if (made.normalize().startsWith(root) && !made.normalize().equals(root)) {
                Files.createDirectories(made);
                for (int i = 0; i < 10; i++) {
                    Files.write(made.resolve(i + name.replace('/', '_') + ".png"), png(3, 2));
                }
            }
        } catch (InvalidPathException | java.nio.file.FileSystemException e) {
            // no name that a file can have
        }
    }

    @Test
    void randomVariants() {
        byte[] cifar = new byte[1 + 2 * 3073];
        List<byte[]> archives = List.of(tarOf(3073), tarOf(100));
        byte[] idx = join(new byte[] {0, (byte) (idxImages(2).length + 2)}, idxImages(2), idxLabels(2));
        assertThat(Mutations.read(List.of(idx), MILLISECONDS, this::idx)).isPositive();
        assertThat(Mutations.read(List.of(DataFiles.gzip(idxImages(2))), MILLISECONDS, this::idxGzip))
                .isPositive();
        assertThat(Mutations.read(List.of(cifar), MILLISECONDS, this::cifar)).isPositive();
        assertThat(Mutations.read(archives, MILLISECONDS, this::tar)).isPositive();
        List<byte[]> pickles = Stream.concat(
                        PickleTest.OF_PYTHON_3.stream().map(Base64.getDecoder()::decode),
                        Stream.of(Pickles.of(Map.of("label_names", CLASSES, "n", 300))))
                .toList();
        assertThat(Mutations.read(pickles, MILLISECONDS, this::pickle)).isPositive();
        assertThat(Mutations.read(List.of(batch()), MILLISECONDS, this::cifarPython))
                .isPositive();
        byte[] floats = DataFiles.npy("<f4", true, new byte[4 * 30], 10, 3);
        byte[] images = DataFiles.npy("|u1", false, new byte[10 * 4 * 4 * 3], 10, 4, 4, 3);
        assertThat(Mutations.read(List.of(floats, images), MILLISECONDS, this::npy))
                .isPositive();
        byte[] set = DataFiles.npz(Map.of("x", images, "y", npyLabels(10)));
        assertThat(Mutations.read(List.of(set), MILLISECONDS, this::npzSet)).isPositive();
        byte[] table = "a,\"b, c\",label\n1,2,x\n"
                .concat("3,-4e-5,\"y\"\"\"\n".repeat(12))
                .getBytes(StandardCharsets.UTF_8);
        assertThat(Mutations.read(List.of(table), MILLISECONDS, this::csv)).isPositive();
        byte[] npz = Base64.getDecoder().decode(IdxSetTest.NPZ_IMAGES);
        assertThat(Mutations.read(List.of(npz), MILLISECONDS, this::npz)).isPositive();
        assertThat(Mutations.read(archives.stream().map(DataFiles::gzip).toList(), MILLISECONDS, this::tarGz))
                .isPositive();
        assertThat(Mutations.read(
                        List.of(
                                png(3, 2),
                                png(40, 30),
                                jpeg(),
                                image("gif", 5, 4),
                                image("bmp", 5, 4),
                                image("tiff", 5, 4)),
                        MILLISECONDS,
                        this::image))
                .isPositive();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] idxImages(int count) {
        return DataFiles.idx(i -> 0, count, 2, 2);
    }

    private static byte[] idxLabels(int count) {
        return DataFiles.idx(i -> 0, count);
    }

    /** Returns an archive of CIFAR-10's six files of this size. */
    private static byte[] tarOf(int size) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int file = 1; file <= 6; file++) {
            files.put("c/" + (file == 6 ? "test_batch.bin" : "data_batch_" + file + ".bin"), new byte[size]);
        }
        return DataFiles.tar(files);
    }

    private static byte[] png(int width, int height) {
        return image("png", width, height);
    }

    private static byte[] jpeg() {
        return image("jpg", 16, 16);
    }

    private static byte[] image(String format, int width, int height) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB), format, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
