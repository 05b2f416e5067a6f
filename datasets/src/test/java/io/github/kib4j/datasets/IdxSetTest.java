package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.DataFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files like MNIST's as people have them: under any of their names, packed or not whatever the name says, with any labels. */
final class IdxSetTest {
    /** By numpy 2.4: {@code savez_compressed} of u1 [3,2,2] = 0..11, {@code savez} of i8 [5,0,48], and of a real number. */
    static final String NPZ_IMAGES =
            "UEsDBC0AAAAIAAAAIQCaCbEc//////////8JABQAYXJyXzAubnB5AQAQAIwAAAAAAAAAVAAAAAAAAACb7BfqGxDJyFDGUK2e"
                    + "klqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgpGQKSpo1CrQB7gYmBkYmZhZWPn4OTiBgBQ"
                    + "SwECLQMtAAAACAAAACEAmgmxHFQAAACMAAAACQAAAAAAAAAAAAAAgAEAAAAAYXJyXzAubnB5UEsFBgAAAAABAAEANwAAAI8A"
                    + "AAAAAA==";

    static final String NPZ_LABELS =
            "UEsDBC0AAAAAAAAAIQAefrFr//////////8JABQAYXJyXzAubnB5AQAQAJgAAAAAAAAAmAAAAAAAAACTTlVNUFkBAHYAeydk"
                    + "ZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAg"
                    + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgUAAAAAAAAAAAAAAAAAAAAwAAAAAAAAAFBLAQIt"
                    + "Ay0AAAAAAAAAIQAefrFrmAAAAJgAAAAJAAAAAAAAAAAAAACAAQAAAABhcnJfMC5ucHlQSwUGAAAAAAEAAQA3AAAA0wAAAAAA";

    private static final String NPZ_REAL =
            "UEsDBC0AAAAIAAAAIQCzXQIf//////////8JABQAYXJyXzAubnB5AQAQAIgAAAAAAAAASQAAAAAAAACb7BfqGxDJyFDGUK2e"
                    + "klqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGOpo6CrUKFAAuBjD4YQ8AUEsBAi0DLQAAAAgA"
                    + "AAAhALNdAh9JAAAAiAAAAAkAAAAAAAAAAAAAAIABAAAAAGFycl8wLm5weVBLBQYAAAAAAQABADcAAACEAAAAAAA=";

    @TempDir
    Path folder;

    private final List<String> notes = new ArrayList<>();

    private void write(String name, byte[] bytes, boolean zip) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, zip ? DataFiles.gzip(bytes) : bytes);
    }

    private static byte[] images(int count) {
        return DataFiles.idx(i -> i + 16, count, 2, 3);
    }

    private static byte[] labels(int... labels) {
        return DataFiles.idx(i -> labels[i], labels.length);
    }

    /** QMNIST's: eight integers for an image, the first of which is its class. */
    private static byte[] table(int... labels) {
        ByteBuffer bytes = ByteBuffer.allocate(12 + 32 * labels.length)
                .putInt(0xC02)
                .putInt(labels.length)
                .putInt(8);
        for (int label : labels) {
            bytes.putInt(label);
            for (int i = 1; i < 8; i++) {
                bytes.putInt(-i * 1000);
            }
        }
        return bytes.array();
    }

    private Dataset load(String name, Path place) {
        return Datasets.load(name, place, 0, Selection.ALL, notes::add);
    }

    @Test
    void namesWithDotsAndFilesPackedUnderAnyNameAreRead() throws IOException {
        write("train-images.idx3-ubyte", images(4), true);
        write("train-labels.idx1-ubyte.gz", labels(3, 1, 4, 1), false);
        write("t10k-images.idx3-ubyte.gz", images(2), true);
        write("T10K-labels.idx1-ubyte", labels(5, 9), false);
        Dataset mnist = load("mnist", folder);
        assertThat(mnist.train().labels()).containsExactly(3, 1, 4, 1);
        assertThat(mnist.test().labels()).containsExactly(5, 9);
        assertThat(mnist.train().image()).isEqualTo(Shape.of(1, 2, 3));
        assertThat(mnist.train().pixels().bytes()[6]).isEqualTo((byte) 22);
    }

    @Test
    void aFolderThatHoldsThePublishersFolderWillDo() throws IOException {
        for (String inner : new String[] {"raw", "MNIST/raw", "MNIST", "mnist"}) {
            writeSet("of-" + inner.replace('/', '-') + "/" + inner + "/", "", "t10k", 2, 5);
            Dataset mnist = load("mnist", folder.resolve("of-" + inner.replace('/', '-')));
            assertThat(mnist.train().count()).isEqualTo(2);
        }
        writeSet("both/MNIST/raw/", "", "t10k", 1, 2, 3);
        writeSet("both/FashionMNIST/raw/", "", "t10k", 4, 5);
        assertThat(load("mnist", folder.resolve("both")).train().count()).isEqualTo(3);
        assertThat(load("fashion-mnist", folder.resolve("both")).train().count())
                .isEqualTo(2);
    }

    /** Kaggle's archive has each file twice: once in a folder of the other name. */
    @Test
    void aFolderOfAFilesNameIsNotTakenForIt() throws IOException {
        writeSet("", "", "t10k", 2, 5);
        for (String name : new String[] {"train-images", "train-labels"}) {
            Path file = folder.resolve(name + (name.contains("images") ? "-idx3-ubyte" : "-idx1-ubyte"));
            Files.move(file, folder.resolve(file.getFileName().toString().replace("-idx", ".idx")));
            Files.createDirectory(file);
        }
        assertThat(load("mnist", folder).train().labels()).containsExactly(2, 5);
    }

    private void writeSet(String place, String prefix, String test, int... labels) throws IOException {
        for (String part : new String[] {"train", test}) {
            write(place + prefix + part + "-images-idx3-ubyte", images(labels.length), false);
            write(place + prefix + part + "-labels-idx1-ubyte", labels(labels), false);
        }
    }

    @Test
    void lettersFrom1AreClassesFrom0() throws IOException {
        int[] letters = java.util.stream.IntStream.rangeClosed(1, 26).toArray();
        writeSet("EMNIST/raw/", "emnist-letters-", "test", letters);
        Dataset set = load("idx", folder);
        assertThat(set.name()).isEqualTo("idx");
        assertThat(set.train().classes()).isEqualTo(26);
        assertThat(set.train().labels()[25]).isEqualTo(25);
        assertThat(set.train().classNames()).startsWith("a", "b").endsWith("z");
        assertThat(notes)
                .containsExactly("The labels of emnist-letters-train-labels-idx1-ubyte are 26 numbers from 1 to 26,"
                        + " which are classes 0 to 25.");
    }

    @Test
    void oneOfSeveralSetsIsNamed() throws IOException {
        writeSet("gzip/", "emnist-balanced-", "test", 46, 0, 10, 36);
        writeSet("gzip/", "emnist-digits-", "test", 0, 9);
        Path place = folder.resolve("gzip");
        assertThatThrownBy(() -> load("idx", folder))
                .isInstanceOf(DatasetException.class)
                .hasMessage("There are several sets at " + folder + ": " + place.resolve("emnist-balanced") + ", "
                        + place.resolve("emnist-digits") + "; name one of them so.");
        assertThat(load("idx", place.resolve("emnist-digits")).train().classNames())
                .containsExactly("0", "9");
        Path file = place.resolve("emnist-balanced-train-images-idx3-ubyte");
        assertThat(load("idx", file).train().classNames()).containsExactly("0", "A", "a", "t");
        assertThatThrownBy(() -> load("idx", folder.resolve("nothing")))
                .hasMessageContaining("There are no files like train-images-idx3-ubyte");
        assertThatThrownBy(() -> load("mnist", place)).as("none of MNIST's").hasMessageContaining("are not found in");
    }

    @Test
    void theFirstColumnOfAnIntegerTableIsTheClass() throws IOException {
        for (String part : new String[] {"train", "test"}) {
            write("qmnist-" + part + "-images-idx3-ubyte.gz", images(3), true);
            write("qmnist-" + part + "-labels-idx2-int.gz", table(7, 0, 70_000), true);
        }
        Dataset set = load("idx", folder);
        assertThat(set.train().labels()).containsExactly(1, 0, 2);
        assertThat(set.train().classNames()).containsExactly("0", "7", "70000");
        write("qmnist-test-labels-idx2-int.gz", table(7, -1, 0), true);
        assertThatThrownBy(() -> load("idx", folder)).hasMessageContaining("has label -1 at image 1");
        write("qmnist-test-labels-idx2-int.gz", table(7, 0), true);
        assertThatThrownBy(() -> load("idx", folder)).hasMessageContaining("has 2 labels, but");
    }

    @Test
    void kuzushiji49IsReadAsNumpyPacksIt() throws IOException {
        for (String part : new String[] {"train", "test"}) {
            write("k49-" + part + "-imgs.npz", Base64.getDecoder().decode(NPZ_IMAGES), false);
            write("k49-" + part + "-labels.npz", Base64.getDecoder().decode(NPZ_LABELS), false);
        }
        Dataset set = load("idx", folder);
        assertThat(set.train().image()).isEqualTo(Shape.of(1, 2, 2));
        assertThat(set.train().pixels().bytes()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        assertThat(set.train().classNames()).containsExactly("0", "5", "48");
        assertThat(set.train().labels()).containsExactly(1, 0, 2);
        write("k49-test-labels.npz", Base64.getDecoder().decode(NPZ_REAL), false);
        assertThatThrownBy(() -> load("idx", folder))
                .hasMessageContaining("k49-test-labels.npz is of floats, but there must be integers");
        write("k49-test-labels.npz", new byte[] {'P', 'K', 3, 4, 0}, false);
        assertThatThrownBy(() -> load("idx", folder))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("k49-test-labels.npz cannot be read");
    }

    @Test
    void oneClassAloneIsRefused() throws IOException {
        writeSet("", "", "test", 4, 4);
        assertThatThrownBy(() -> load("idx", folder))
                .hasMessageContaining("has the label 4 alone, but there must be at least 2 classes");
    }
}
