package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.DataFiles;
import io.github.kib4j.testkit.Pickles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every format is read, with any count; every damage is one sentence that names the file. */
final class ReadersTest {
    @TempDir
    Path folder;

    private static byte[] idxImages(int count, int height, int width) {
        return DataFiles.idx(i -> i % 10, count, height, width);
    }

    private static byte[] idxLabels(int count) {
        return DataFiles.idx(i -> i % 10, count);
    }

    private void write(String name, byte[] bytes) throws IOException {
        DataFiles.write(folder.resolve(name), bytes);
    }

    private void writeIdx(String suffix) throws IOException {
        write("train-images-idx3-ubyte" + suffix, idxImages(20, 28, 28));
        write("train-labels-idx1-ubyte" + suffix, idxLabels(20));
        write("t10k-images-idx3-ubyte" + suffix, idxImages(7, 28, 28));
        write("t10k-labels-idx1-ubyte" + suffix, idxLabels(7));
    }

    @Test
    void idxIsReadPlainAndZippedWithAnyCount() throws IOException {
        for (String suffix : new String[] {"", ".gz"}) {
            writeIdx(suffix);
            Dataset mnist = Datasets.load("mnist", folder, 0);
            assertThat(mnist.train().count()).isEqualTo(20);
            assertThat(mnist.test().count()).isEqualTo(7);
            assertThat(mnist.train().image()).isEqualTo(Shape.of(1, 28, 28));
            assertThat(mnist.train().labels()[13]).isEqualTo(3);
            assertThat(mnist.train().pixels().bytes()[784 * 3 + 5]).isEqualTo((byte) ((784 * 3 + 5) % 10));
        }
    }

    @Test
    void damagedIdxFilesAreRefused() throws IOException {
        refusesIdx("train-images-idx3-ubyte", b -> Arrays.copyOf(b, b.length - 1), "cut short");
        refusesIdx("train-images-idx3-ubyte", b -> Arrays.copyOf(b, b.length + 1), "longer");
        refusesIdx("train-images-idx3-ubyte", b -> Arrays.copyOf(b, 3), "cut short");
        refusesIdx("train-images-idx3-ubyte", b -> with(b, 3, 1), "no idx file of images");
        refusesIdx("train-images-idx3-ubyte", b -> with(b, 4, 0x7f), "announces");
        refusesIdx("train-images-idx3-ubyte", b -> with(b, 4, 0xff), "announces");
        refusesIdx("train-labels-idx1-ubyte", b -> with(b, 9, 10), "label 10");
        refusesIdx("t10k-labels-idx1-ubyte", b -> idxLabels(6), "6 labels");
        refusesIdx("t10k-images-idx3-ubyte", b -> idxImages(7, 27, 28), "do not fit each other");
    }

    private static byte[] with(byte[] bytes, int index, int value) {
        byte[] changed = bytes.clone();
        changed[index] = (byte) value;
        return changed;
    }

    private void refusesIdx(String name, UnaryOperator<byte[]> damage, String why) throws IOException {
        writeIdx("");
        write(name, damage.apply(Files.readAllBytes(folder.resolve(name))));
        assertThatThrownBy(() -> Datasets.load("mnist", folder, 0))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining(why);
    }

    @Test
    void aZipThatIsNoneIsRefused() throws IOException {
        writeIdx(".gz");
        Files.write(folder.resolve("train-images-idx3-ubyte.gz"), new byte[] {0x1f, (byte) 0x8b, 3});
        assertThatThrownBy(() -> Datasets.load("mnist", folder, 0))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("cannot be read");
    }

    private static byte[] cifar(int count, int labelBytes) {
        byte[] bytes = new byte[count * (3072 + labelBytes)];
        for (int i = 0; i < count; i++) {
            bytes[i * (3072 + labelBytes) + labelBytes - 1] = (byte) (i % 10);
            bytes[i * (3072 + labelBytes) + labelBytes] = (byte) (100 + i);
        }
        return bytes;
    }

    @Test
    void cifar10IsReadFromAFolderAndAnArchive() throws IOException {
        Path archive = folder.resolve("cifar-10-binary.tar.gz");
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 1; i <= 6; i++) {
            String name = i == 6 ? "test_batch.bin" : "data_batch_" + i + ".bin";
            write("plain/" + name, cifar(i, 1));
            files.put("cifar-10-batches-bin/" + name, cifar(i, 1));
        }
        DataFiles.write(archive, DataFiles.tar(files));
        for (Path source : new Path[] {folder.resolve("plain"), archive, folder}) {
            Dataset cifar = Datasets.load("cifar10", source, 0);
            assertThat(cifar.train().count()).isEqualTo(15);
            assertThat(cifar.test().count()).isEqualTo(6);
            assertThat(cifar.train().labels()[14]).isEqualTo(4);
            assertThat(cifar.train().pixels().bytes()[14 * 3072]).isEqualTo((byte) 104);
            assertThat(cifar.padding()).isEqualTo(4);
        }
        write("plain/data_batch_3.bin", Arrays.copyOf(cifar(3, 1), 5000));
        assertThatThrownBy(() -> Datasets.load("cifar10", folder.resolve("plain"), 0))
                .hasMessageContaining("data_batch_3.bin")
                .hasMessageContaining("5000 bytes");
        Files.delete(folder.resolve("plain/data_batch_3.bin"));
        assertThatThrownBy(() -> Datasets.load("cifar10", folder.resolve("plain"), 0))
                .hasMessageContaining("no data_batch_3.bin");
        byte[] zipped = Files.readAllBytes(archive);
        Files.write(archive, Arrays.copyOf(zipped, zipped.length / 2));
        assertThatThrownBy(() -> Datasets.load("cifar10", archive, 0))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("fetch it again");
    }

    private static byte[] python(int count, String labels, int offset) {
        byte[] pixels = new byte[count * 3072];
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pixels[i * 3072] = (byte) (100 + i);
            pixels[i * 3072 + 3071] = (byte) -i;
            numbers.add(offset + i % 10);
        }
        return Pickles.of(
                Map.of("data", new Pickles.Bytes(count, 3072, pixels), labels, numbers, "filenames", List.of("a")));
    }

    /** As torchvision leaves it: the folder, and the archive beside it. */
    @Test
    void theVersionsForPythonAreRead() throws IOException {
        Path archive = folder.resolve("archive/cifar-10-python.tar");
        Map<String, byte[]> batches = new LinkedHashMap<>();
        for (int i = 1; i <= 6; i++) {
            String name = "cifar-10-batches-py/" + (i == 6 ? "test_batch" : "data_batch_" + i);
            batches.put(name, python(i, "labels", 0));
            write("ten/" + name, batches.get(name));
        }
        DataFiles.write(archive, DataFiles.tar(batches));
        Path packed = folder.resolve("cifar-10-python.tar.gz");
        DataFiles.write(packed, DataFiles.tar(batches));
        Path files = folder.resolve("ten/cifar-10-batches-py");
        for (Path source : new Path[] {files, folder.resolve("ten"), archive, archive.getParent(), packed, folder}) {
            Dataset cifar = Datasets.load("cifar10", source, 0);
            assertThat(cifar.train().count()).as("%s", source).isEqualTo(15);
            assertThat(cifar.test().count()).isEqualTo(6);
            assertThat(cifar.train().labels()[14]).isEqualTo(4);
            assertThat(cifar.train().pixels().bytes()[14 * 3072]).isEqualTo((byte) 104);
            assertThat(cifar.train().pixels().bytes()[15 * 3072 - 1]).isEqualTo((byte) -4);
            assertThat(cifar.train().classNames()).startsWith("airplane").endsWith("truck");
        }
        List<String> names = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
        Files.write(files.resolve("batches.meta"), Pickles.of(Map.of("label_names", names)));
        assertThat(Datasets.load("cifar10", files, 0).test().classNames()).isEqualTo(names);
        Files.write(files.resolve("batches.meta"), Pickles.of(Map.of("label_names", names.subList(1, 10))));
        assertThatThrownBy(() -> Datasets.load("cifar10", files, 0))
                .hasMessageContaining("batches.meta has 9 names of classes, not 10");
    }

    @Test
    void cifar100ForPythonHasFineLabelsAndNames() throws IOException {
        write("cifar-100-python/train", python(12, "fine_labels", 90));
        write("cifar-100-python/test", python(3, "fine_labels", 90));
        Dataset cifar = Datasets.load("cifar100", folder, 0);
        assertThat(cifar.train().count()).isEqualTo(12);
        assertThat(cifar.train().labels()[9]).isEqualTo(99);
        assertThat(cifar.train().classNames()).hasSize(100).startsWith("apple").endsWith("woman", "worm");
        write("cifar-100-python/test", python(3, "fine_labels", 98));
        assertThatThrownBy(() -> Datasets.load("cifar100", folder, 0))
                .hasMessageContaining("has label 100 at image 2, but there are only 100 classes");
        write("cifar-100-python/test", python(3, "coarse_labels", 0));
        assertThatThrownBy(() -> Datasets.load("cifar100", folder, 0)).hasMessageContaining("has no 'fine_labels'");
    }

    /** The binary versions have lists of names too. */
    @Test
    void namesOfClassesAreReadWhereTheyAre() throws IOException {
        write("train.bin", cifar(12, 2));
        write("test.bin", cifar(3, 2));
        assertThat(Datasets.load("cifar100", folder, 0).train().classNames()).contains("aquarium_fish", "worm");
        String names = java.util.stream.IntStream.range(0, 100)
                .mapToObj(i -> "n" + i + "\n")
                .reduce("", String::concat);
        write("fine_label_names.txt", (names + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(Datasets.load("cifar100", folder, 0).train().classNames())
                .startsWith("n0")
                .endsWith("n99");
    }

    @Test
    void cifar100HasFineLabels() throws IOException {
        write("train.bin", cifar(12, 2));
        write("test.bin", cifar(3, 2));
        Dataset cifar = Datasets.load("cifar100", folder, 0);
        assertThat(cifar.train().classes()).isEqualTo(100);
        assertThat(cifar.train().labels()[11]).isEqualTo(1);
        write("test.bin", with(cifar(3, 2), 1, 100));
        assertThatThrownBy(() -> Datasets.load("cifar100", folder, 0)).hasMessageContaining("label 100");
    }

    @Test
    void classFoldersAreRead() throws IOException {
        for (String name : new String[] {"cat", "dog"}) {
            Files.createDirectories(folder.resolve(name));
            for (int i = 0; i < 10; i++) {
                BufferedImage image = new BufferedImage(
                        5, 4, name.equals("cat") ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
                for (int p = 0; p < 20; p++) {
                    image.getRaster().setSample(p % 5, p / 5, 0, 60 + i);
                }
                ImageIO.write(
                        image, "png", folder.resolve(name).resolve(i + ".png").toFile());
            }
        }
        Dataset images = Datasets.load("folder", folder, 0);
        assertThat(images.train().count()).isEqualTo(18);
        assertThat(images.test().count()).isEqualTo(2);
        assertThat(images.train().image()).isEqualTo(Shape.of(3, 4, 5));
        assertThat(images.train().classNames()).containsExactly("cat", "dog");
        assertThat(images.train().pixels().bytes()[0])
                .as("gray is not brightened")
                .isEqualTo((byte) 60);
        ImageIO.write(
                new BufferedImage(6, 4, BufferedImage.TYPE_INT_RGB),
                "png",
                folder.resolve("dog/3.png").toFile());
        assertThatThrownBy(() -> Datasets.load("folder", folder, 0))
                .hasMessageContaining("3.png")
                .hasMessageContaining("one size");
        Files.writeString(folder.resolve("dog/3.png"), "no image");
        assertThatThrownBy(() -> Datasets.load("folder", folder, 0))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("3.png");
    }

    private static int[] perClass(ImageSet images) {
        int[] counts = new int[images.classes()];
        Arrays.stream(images.labels()).forEach(label -> counts[label]++);
        return counts;
    }

    private void images(String name, int count) throws IOException {
        Files.createDirectories(folder.resolve(name));
        for (int i = 0; i < count; i++) {
            BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY);
            image.getRaster().setSample(0, 0, 0, i);
            ImageIO.write(
                    image,
                    "png",
                    folder.resolve(name)
                            .resolve(String.format(Locale.ROOT, "%03d.png", i))
                            .toFile());
        }
    }

    @Test
    void ofAFoldersLimitEachClassGetsItsShare() throws IOException {
        images("ant", 30);
        images("bee", 4);
        images("cow", 50);
        Dataset all = Datasets.load("folder", folder, 0);
        assertThat(perClass(all.train())).containsExactly(27, 4, 45);
        Files.writeString(folder.resolve("cow/020.png"), "a file beyond the share is not opened");
        Dataset some = Datasets.load("folder", folder, 0, new Selection(false, 13, 4), note -> {});
        assertThat(perClass(some.train())).containsExactly(5, 4, 4);
        assertThat(perClass(some.test())).containsExactly(2, 0, 2);
        assertThat(some.train().pixels().bytes()[7 * 12])
                .as("a class's first, in the order of names")
                .isEqualTo((byte) 2);
        Dataset fewest = Datasets.load("folder", folder, 0, new Selection(false, 2, 1), note -> {});
        assertThat(perClass(fewest.train())).containsExactly(1, 1, 0);
        Dataset validation = Datasets.load("folder", folder, 0, new Selection(true, 9, 5), note -> {});
        assertThat(perClass(validation.train())).containsExactly(3, 3, 3);
        assertThat(validation.test().count()).isEqualTo(5);
    }

    @Test
    void ofAPublishedSetsLimitTheFirstAreTaken() throws IOException {
        writeIdx("");
        Dataset some = Datasets.load("mnist", folder, 0, new Selection(false, 3, 2), note -> {});
        assertThat(some.train().labels()).containsExactly(0, 1, 2);
        assertThat(some.test().labels()).containsExactly(0, 1);
        assertThatThrownBy(() -> new Selection(false, -1, 0)).hasMessageContaining("-1");
    }

    @Test
    void whatIsNotThereIsSaid() {
        assertThatThrownBy(() -> Datasets.load("imagenet", null, 0))
                .hasMessageContaining("imagenet")
                .hasMessageContaining("cifar10");
        assertThatThrownBy(() -> Datasets.load("mnist", folder, 0))
                .hasMessageContaining("mnist are not found")
                .isInstanceOfSatisfying(
                        DatasetException.class, e -> assertThat(e.missing()).contains("mnist"));
        assertThatThrownBy(() -> Datasets.load("mnist", folder.resolve("nowhere"), 0))
                .hasMessageContaining("nowhere");
        assertThatThrownBy(() -> Datasets.load("folder", null, 0)).hasMessageContaining("needs a place");
    }

    @Test
    void shapesAreDeterministicAndBalanced() {
        Dataset first = Datasets.load("shapes", null, 5);
        assertThat(first.train().pixels().bytes())
                .isEqualTo(Datasets.load("shapes", null, 5).train().pixels().bytes());
        assertThat(first.train().pixels().bytes())
                .isNotEqualTo(Datasets.load("shapes", null, 6).train().pixels().bytes());
        assertThat(Arrays.stream(first.test().labels())
                        .filter(label -> label == 3)
                        .count())
                .isEqualTo(first.test().count() / 10);
    }

    /** As numpy's RandomState(0).shuffle. */
    @Test
    void theValidationSplitIsTheAuthors() throws IOException {
        assertThat(Arrays.copyOf(Validation.permutation(50_000), 5)).containsExactly(11841, 19602, 45519, 25747, 42642);
        assertThat(Arrays.copyOf(Validation.permutation(60_000), 5)).containsExactly(3048, 19563, 58303, 8870, 40228);
        writeIdx("");
        Dataset split = Validation.of(Datasets.load("mnist", folder, 0));
        assertThat(split.train().count()).isEqualTo(18);
        assertThat(split.test().count()).isEqualTo(2);
    }
}
