package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class Stl10Test {
    private static final int SIDE = 96;
    private static final int PLANE = SIDE * SIDE;

    @TempDir
    Path folder;

    /** Pixel (channel, row, column) of image i is i + 40 channel + row - column, column after column. */
    private static byte[] images(int count) {
        byte[] bytes = new byte[count * 3 * PLANE];
        for (int at = 0; at < bytes.length; at++) {
            int column = at % PLANE / SIDE;
            int row = at % SIDE;
            bytes[at] = (byte) value(at / (3 * PLANE), at / PLANE % 3, row, column);
        }
        return bytes;
    }

    private static int value(int image, int channel, int row, int column) {
        return image + 40 * channel + row - column;
    }

    @BeforeEach
    void write() throws IOException {
        Files.write(folder.resolve("train_X.bin"), images(4));
        Files.write(folder.resolve("train_y.bin"), new byte[] {1, 10, 3, 2});
        Files.write(folder.resolve("test_X.bin"), images(2));
        Files.write(folder.resolve("test_y.bin"), new byte[] {9, 1});
    }

    @Test
    void imagesAreReadRowAfterRow() {
        assertThat(Datasets.recognise(folder).dataset()).isEqualTo("stl10");
        Dataset set = Datasets.load("stl10", folder, 0);
        assertThat(set.train().image()).isEqualTo(Shape.of(3, SIDE, SIDE));
        assertThat(set.train().labels()).containsExactly(0, 9, 2, 1);
        assertThat(set.test().labels()).containsExactly(8, 0);
        assertThat(set.train().classNames()).startsWith("airplane", "bird").hasSize(10);
        byte[] pixels = set.train().pixels().bytes();
        for (int channel = 0; channel < 3; channel++) {
            assertThat(pixels[(2 * 3 + channel) * PLANE + 5 * SIDE + 70]).isEqualTo((byte) value(2, channel, 5, 70));
        }
        assertThat(set.padding()).isEqualTo(12);
        assertThat(set.flip()).isTrue();
    }

    @Test
    void theFolderMayBeBelowAndNamesMayBeThere() throws IOException {
        Files.write(folder.resolve("class_names.txt"), List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
        Path above = Files.createDirectory(folder.resolveSibling(folder.getFileName() + "-above"));
        Files.move(folder, above.resolve("stl10_binary"));
        assertThat(Datasets.load("stl10", above, 0).train().classNames()).startsWith("a", "b");
        Files.move(above.resolve("stl10_binary"), folder);
        Files.delete(above);
    }

    @Test
    void whatDoesNotFitIsSaid() throws IOException {
        Files.write(folder.resolve("test_y.bin"), new byte[] {9, 1, 1});
        refused("test_X.bin is cut short");
        Files.write(folder.resolve("test_y.bin"), new byte[] {9});
        refused("test_X.bin is longer than its header says");
        Files.write(folder.resolve("test_y.bin"), new byte[] {0, 9});
        refused("Label 0 of image 0 in");
        Files.write(folder.resolve("test_y.bin"), new byte[0]);
        refused("test_y.bin is empty");
        Files.write(folder.resolve("class_names.txt"), List.of("a", "a"));
        refused("must name at least two classes, each once");
        Files.delete(folder.resolve("test_X.bin"));
        Files.delete(folder.resolve("train_X.bin"));
        refused("There is no train_X.bin of STL-10");
    }

    private void refused(String sentence) {
        assertThatThrownBy(() -> Datasets.load("stl10", folder, 0))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining(sentence)
                .hasMessageEndingWith(".");
    }
}
