package io.github.kib4j.experiment.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.files.Safetensors;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures are read by others as they were painted; filters are where their units' weights are. */
final class PictureTest {
    private static BufferedImage read(Picture picture) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(picture.toPng()));
    }

    @Test
    void aPngHoldsThePixels() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Picture picture = Picture.empty(1 + random.nextInt(70), 1 + random.nextInt(70));
        for (int i = 0; i < picture.pixels().length; i++) {
            picture.pixels()[i] = random.nextInt();
        }
        BufferedImage read = read(picture);
        assertThat(read.getWidth()).as("seed %d", seed).isEqualTo(picture.width());
        assertThat(read.getRGB(0, 0, picture.width(), picture.height(), null, 0, picture.width()))
                .as("seed %d", seed)
                .isEqualTo(picture.pixels());
        assertThat(picture.toDataUri()).matches("data:image/png;base64,[A-Za-z0-9+/]+=*");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void imagesOfAnyChannelsAreShown(int channels) {
        byte[] images = new byte[2 * channels * 2];
        for (int i = 0; i < images.length; i++) {
            images[i] = (byte) (200 + i);
        }
        Picture second = Picture.of(images, 1, Shape.of(channels, 1, 2));
        int first = 200 + 2 * channels;
        int step = channels < 3 ? 0 : 2;
        assertThat(second.pixels())
                .containsExactly(
                        Picture.colour(first, first + step, first + 2 * step),
                        Picture.colour(first + 1, first + 1 + step, first + 1 + 2 * step));
    }

    private static Safetensors.Array weights(Shape shape, double... first) {
        ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(4 * shape.size())).order(ByteOrder.LITTLE_ENDIAN);
        for (double weight : first) {
            data.putFloat((float) weight);
        }
        return new Safetensors.Array(DataType.F32, shape, data);
    }

    @Test
    void weightsOfAnImageAreLaidOutUnitByUnit() {
        // Two units that read 2 x 2 grey images; the second reads nothing.
        Filters filters = Filters.of(weights(Shape.of(2, 4), 0, 0.5, -1, 1), Shape.of(1, 2, 2));
        assertThat(filters.shown()).isEqualTo(2);
        Picture picture = filters.picture();
        assertThat(picture.width()).isEqualTo(5);
        int grey = Picture.colour(128, 128, 128);
        assertThat(picture.pixels())
                .containsExactly(
                        grey,
                        Picture.colour(192, 192, 192),
                        0,
                        grey,
                        grey, //
                        Picture.colour(1, 1, 1),
                        Picture.colour(255, 255, 255),
                        0,
                        grey,
                        grey);
    }

    @Test
    void manyUnitsAreShownInPartAndOthersNotAtAll() {
        Filters convolutions = Filters.of(weights(Shape.of(200, 3, 3, 3)), null);
        assertThat(convolutions.shown()).isEqualTo(128);
        assertThat(convolutions.units()).isEqualTo(200);
        assertThat(convolutions.picture().width()).isEqualTo(16 * 4 - 1);
        assertThat(Filters.of(weights(Shape.of(4, 6)), null))
                .as("of images of unknown size")
                .isNull();
        assertThat(Filters.of(weights(Shape.of(4, 6)), Shape.of(1, 2, 2)))
                .as("of other images")
                .isNull();
        assertThat(Filters.of(weights(Shape.of(4, 6)), Shape.of(1, 1, 6)))
                .as("of features")
                .isNull();
    }
}
