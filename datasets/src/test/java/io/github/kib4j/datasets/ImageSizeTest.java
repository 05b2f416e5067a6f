package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of several sizes brought to one: what stays, what is cropped, and that it is the mean by the formula. */
final class ImageSizeTest {
    private static final long SEED = Long.getLong("kib4j.seed", 5);

    private static ImageFile image(int height, int width, byte[] gray) {
        byte[] planes = new byte[3 * gray.length];
        for (int c = 0; c < 3; c++) {
            System.arraycopy(gray, 0, planes, c * gray.length, gray.length);
        }
        return new ImageFile(Shape.of(3, height, width), planes);
    }

    @Test
    void whatIsOfThatSizeStays() {
        byte[] gray = {1, 2, 3, 4, 5, 6};
        ImageFile same = image(2, 3, gray);
        assertThat(new ImageSize(2, 3).of(same)).isEqualTo(same.pixels());
    }

    /** Halved, a pixel is a mean over four by a triangle: weights 1, 3, 3, 1 of 8, fewer at the ends. */
    @Test
    void smallerImagesAreMeans() {
        byte[] row = {0, 80, (byte) 160, (byte) 240};
        byte[] square = new byte[16];
        for (int y = 0; y < 4; y++) {
            System.arraycopy(row, 0, square, 4 * y, 4);
        }
        byte[] half = new ImageSize(2, 2).of(image(4, 4, square));
        int first = Math.round((3 * 0 + 3 * 80 + 160) / 7f);
        int second = Math.round((80 + 3 * 160 + 3 * 240) / 7f);
        assertThat(half).startsWith((byte) first, (byte) second, (byte) first, (byte) second);
    }

    @Test
    void largerImagesAreInterpolated() {
        byte[] twice = new ImageSize(2, 4).of(image(1, 2, new byte[] {0, 100}));
        assertThat(Arrays.copyOf(twice, 8)).containsExactly(0, 25, 75, 100, 0, 25, 75, 100);
    }

    /** Of a wide image the sides are cropped. */
    @Test
    void proportionsAreKept() {
        byte[] wide = new byte[4 * 12];
        Arrays.fill(wide, (byte) 50);
        for (int y = 0; y < 4; y++) {
            Arrays.fill(wide, 12 * y, 12 * y + 4, (byte) 0);
            Arrays.fill(wide, 12 * y + 8, 12 * y + 12, (byte) 0);
        }
        byte[] middle = new ImageSize(4, 4).of(image(4, 12, wide));
        assertThat(middle).containsOnly(50);
    }

    /** A constant stays one, whatever the sizes, and nothing leaves the range of bytes. */
    @Test
    void anySizesFit() {
        Random random = new Random(SEED);
        for (int i = 0; i < 200; i++) {
            int height = 1 + random.nextInt(40);
            int width = 1 + random.nextInt(40);
            ImageSize size = new ImageSize(1 + random.nextInt(40), 1 + random.nextInt(40));
            byte[] gray = new byte[height * width];
            Arrays.fill(gray, (byte) 255);
            assertThat(size.of(image(height, width, gray)))
                    .as("seed " + SEED)
                    .hasSize(3 * size.height() * size.width())
                    .containsOnly((byte) 255);
        }
        assertThatThrownBy(() -> new ImageSize(0, 3))
                .hasMessageContaining("1 to 4096 pixels a side, but are to have 0 x 3");
    }

    @Test
    void aFolderOfSeveralSizesIsRead(@TempDir Path folder) throws IOException {
        for (String name : new String[] {"cat", "dog"}) {
            Files.createDirectories(folder.resolve(name));
            for (int i = 0; i < 10; i++) {
                BufferedImage picture = new BufferedImage(5 + i, 9 - i / 2, BufferedImage.TYPE_INT_RGB);
                ImageIO.write(
                        picture, "png", folder.resolve(name).resolve(i + ".png").toFile());
            }
        }
        Reading sized = new Reading(Selection.ALL, CsvTable.Columns.USUAL, new ImageSize(6, 7));
        Dataset set = Datasets.load("folder", folder, 0, sized, note -> {});
        assertThat(set.train().image()).isEqualTo(Shape.of(3, 6, 7));
        assertThat(set.train().count()).isEqualTo(18);
        assertThatThrownBy(() -> Datasets.load("folder", folder, 0))
                .hasMessageContaining("but the first one is 3 x 9 x 5");
    }
}
