package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.testkit.DataFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder or an archive is known by what is in it. */
final class RecognisedTest {
    @TempDir
    Path folder;

    private Path write(String... names) throws IOException {
        for (String name : names) {
            Files.createDirectories(folder.resolve(name).getParent());
            Files.write(folder.resolve(name), new byte[] {1, 2, 3});
        }
        return folder.resolve(names[0]).getParent();
    }

    private static void assertKnown(Path place, String dataset, Path where) {
        Recognised known = Datasets.recognise(place);
        assertThat(known.dataset()).isEqualTo(dataset);
        assertThat(known.place()).isEqualTo(where);
        assertThat(known.toString())
                .startsWith("The data set in " + where + " is " + dataset + ": ")
                .endsWith(".");
    }

    private Path archive(String name, String entry) throws IOException {
        Path file = folder.resolve(name);
        DataFiles.write(file, DataFiles.tar(Map.of(entry, new byte[0])));
        return file;
    }

    @Test
    void cifarIsKnownInEachVersion() throws IOException {
        Path binary = write("a/data_batch_1.bin", "a/test_batch.bin");
        assertKnown(binary, "cifar10", binary);
        Path python = write("b/cifar-10-batches-py/data_batch_2");
        assertKnown(python, "cifar10", python);
        assertKnown(python.getParent(), "cifar10", python.getParent());
        Path hundred = write("c/train", "c/test", "c/meta");
        assertKnown(hundred, "cifar100", hundred);
        assertKnown(write("d/train.bin"), "cifar100", folder.resolve("d"));
        Path ten = archive("mine.tgz", "x/test_batch");
        assertKnown(ten, "cifar10", ten);
        Path other = archive("other.tgz", "x/test.bin");
        assertKnown(other, "cifar100", other);
        assertThatThrownBy(() -> Datasets.recognise(archive("none.tgz", "x/y")))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("none.tgz cannot be told (it is a file of another kind)");
    }

    @Test
    void filesLikeMnistsAreIdxUnlessTheyAreMnists() throws IOException {
        String[] names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"};
        Path plain = write("p/" + names[0], "p/" + names[1], "p/" + names[2]);
        assertKnown(plain, "idx", plain);
        Path raw = write("root/KMNIST/raw/" + names[0], "root/KMNIST/raw/" + names[1]);
        assertKnown(folder.resolve("root/KMNIST"), "kmnist", raw);
        Path letters = write("e/emnist-letters-train-images-idx3-ubyte.gz");
        assertKnown(letters, "idx", letters.resolve("emnist-letters"));
        assertKnown(letters.resolve("emnist-letters"), "idx", letters.resolve("emnist-letters"));
        write("root/EMNIST/raw/emnist-digits-train-images-idx3-ubyte");
        assertThatThrownBy(() -> Datasets.recognise(folder.resolve("root/EMNIST/raw/nothing")))
                .hasMessage("There is no " + folder.resolve("root/EMNIST/raw/nothing")
                        + "; name a folder or archive that is there.");
    }

    @Test
    void imagesInFoldersAreAFolder() throws IOException {
        assertKnown(write("f/cat/1.JPG").getParent(), "folder", folder.resolve("f"));
        write("g/train/cat/1.png");
        assertKnown(folder.resolve("g"), "folder", folder.resolve("g"));
        write("h/1.png", "h/.hidden/2.txt");
        assertThatThrownBy(() -> Datasets.recognise(folder.resolve("h")))
                .as("images without a folder of their class")
                .hasMessageContaining("cannot be told (it has .hidden, 1.png)");
    }

    @Test
    void whatIsAmbiguousOrEmptyIsSaid() throws IOException {
        Path both = write("both/data_batch_1.bin", "both/train-images-idx3-ubyte");
        assertThatThrownBy(() -> Datasets.recognise(both))
                .isInstanceOf(DatasetException.class)
                .hasMessage("There are several data sets in " + both + ": cifar10 in " + both + ", idx in " + both
                        + "; name one.");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> Datasets.recognise(empty)).hasMessageContaining("cannot be told (it is empty)");
        Path many = write("m/1", "m/2", "m/3", "m/4", "m/5", "m/6", "m/7");
        assertThatThrownBy(() -> Datasets.recognise(many)).hasMessageContaining("(it has 1, 2, 3, 4, 5 and 2 more)");
        assertThatThrownBy(() -> Datasets.recognise(folder.resolve("gone"))).hasMessageContaining("There is no ");
    }
}
