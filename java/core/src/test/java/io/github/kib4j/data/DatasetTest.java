package io.github.kib4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** What no training could use is refused where it is said, naming channel and value. */
final class DatasetTest {
    private static final Shape IMAGE = Shape.of(2, 1, 1);
    private static final List<Double> HALF = List.of(0.5, 0.5);

    private static ImageSet images(int count) {
        return new ImageSet("few", IMAGE, new byte[2 * count], new int[count], List.of("a", "b"));
    }

    private static Dataset dataset(int train, int test, List<Double> mean, List<Double> deviation) {
        return new Dataset("mine", images(train), images(test), mean, deviation, 0, false);
    }

    @Test
    void aDeviationThatCannotDivideIsRefused() {
        for (double bad : new double[] {0, -0.0, -0.25, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> dataset(2, 1, HALF, List.of(0.5, bad)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("mine: the deviation of channel 1, which pixels are divided by, must be positive and"
                            + " finite, but is " + bad + ".");
        }
        assertThat(dataset(2, 1, HALF, List.of(0.5, 1e-3)).deviation()).containsExactly(0.5, 1e-3);
    }

    @Test
    void aMeanThatIsNoNumberIsRefused() {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertThatThrownBy(() -> dataset(2, 1, List.of(bad, 0.5), HALF))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("mine: the mean of channel 0 must be finite, but is " + bad + ".");
        }
        assertThat(dataset(2, 1, List.of(-1.0, 0.0), HALF).mean()).containsExactly(-1.0, 0.0);
    }

    /** Of features each is a channel, of images all pixels of one are; a constant one is only centred. */
    @Test
    void floatsAreStandardizedByTheTrainingPart() {
        float[][] features = {{1, -4, 7}, {2, 4, 7}, {3, 12, 7}};
        ImageSet train = ImageSet.of("mine train", features, new int[] {0, 1, 0}, List.of("a", "b"));
        ImageSet test = ImageSet.of("mine test", new float[][] {{9, 9, 9}}, new int[] {1}, List.of("a", "b"));
        assertThat(train.image()).isEqualTo(Shape.of(3, 1, 1));
        assertThat(train.hasFeatures()).isTrue();
        Dataset dataset = Dataset.standardized("mine", train, test);
        assertThat(dataset.mean()).containsExactly(2.0, 4.0, 7.0);
        assertThat(dataset.deviation().get(0)).isCloseTo(Math.sqrt(2.0 / 3), within(1e-15));
        assertThat(dataset.deviation().get(1)).isCloseTo(8 * Math.sqrt(2.0 / 3), within(1e-14));
        assertThat(dataset.deviation().get(2)).isEqualTo(1);
        FloatBuffer images =
                FloatBuffer.wrap(new float[] {9, 1, 2, 3, 4, 5, 6, 7, 8}).position(1);
        ImageSet two = ImageSet.of("two", Shape.of(2, 2), images, new int[2], List.of("a"));
        assertThat(two.image()).isEqualTo(Shape.of(1, 2, 2));
        assertThat(two.hasFeatures()).isFalse();
        assertThat(Dataset.standardized("two", two, two).mean()).containsExactly(4.5);
        assertThat(two.select("second", new int[] {1}).pixels().floats()).containsExactly(5, 6, 7, 8);
        float[][] third = {{0.1f}, {0.1f}, {0.1f}};
        ImageSet constant = ImageSet.of("constant", third, new int[3], List.of("a"));
        assertThat(Dataset.standardized("constant", constant, constant).deviation())
                .containsExactly(1.0);
    }

    @Test
    void floatsThatAreNoneAreRefused() {
        float[][] features = {{1, 2}, {3, Float.NaN}};
        assertThatThrownBy(() -> ImageSet.of("mine", features, new int[2], List.of("a")))
                .hasMessage("mine: sample 1 has NaN as number 1 (both counted from 0); give finite numbers only.");
        assertThatThrownBy(() -> ImageSet.of("mine", new float[][] {{1, 2}, {3}}, new int[2], List.of("a")))
                .hasMessage("mine: sample 1 has 1 features, and sample 0 has 2; give all the same.");
        assertThatThrownBy(() -> ImageSet.of("mine", new float[0][], new int[0], List.of("a")))
                .hasMessage("mine: there is no feature; give at least one sample of at least one.");
        FloatBuffer five = FloatBuffer.allocate(5);
        assertThatThrownBy(() -> ImageSet.of("mine", Shape.of(2), five, new int[2], List.of("a")))
                .hasMessage("mine: 2 labels and 5 numbers do not fit images of 2 x 1 x 1.");
        assertThatThrownBy(() -> ImageSet.of("mine", Shape.of(1, 1, 1, 5), five, new int[1], List.of("a")))
                .hasMessage(
                        "mine: samples are D features, images H x W or C x H x W, but are 1 x 1 x 1 x 5; flatten them.");
        ImageSet floats = ImageSet.of("mine", Shape.of(5), five, new int[1], List.of("a"));
        assertThatThrownBy(() -> floats.pixels().bytes()).hasMessage("The numbers are floats, not bytes.");
        assertThatThrownBy(() -> images(1).pixels().floats()).hasMessage("The numbers are bytes, not floats.");
        ImageSet bytes = new ImageSet("bytes", Shape.of(5, 1, 1), new byte[5], new int[1], List.of("a"));
        assertThatThrownBy(() -> Dataset.standardized("mine", floats, bytes))
                .hasMessage("mine: training images are of F32, test images of U8; give both parts the same numbers.");
    }

    /** The order of bits is the file's, and a large set's parts add up. */
    @Test
    void floatsHaveAChecksum() {
        float[] numbers = new float[3 * 5000];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = i / 7f;
        }
        ImageSet set = ImageSet.of("set", Shape.of(3), FloatBuffer.wrap(numbers), new int[5000], List.of("a"));
        CRC32C expected = new CRC32C();
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(numbers);
        expected.update(bytes);
        expected.update(new byte[4 * 5000]);
        assertThat(set.checksum()).isEqualTo(String.format("%08x", expected.getValue()));
    }

    @Test
    void samplesWithoutLabelsHaveNoClasses() {
        ImageSet set = ImageSet.unlabelled("set", Shape.of(1, 1, 2), new Pixels.Bytes(new byte[6]));
        assertThat(set.count()).isEqualTo(3);
        assertThat(set.isLabelled()).isFalse();
        assertThat(set.labels()).containsExactly(0, 0, 0);
        assertThatThrownBy(() -> ImageSet.unlabelled("set", Shape.of(1, 1, 2), new Pixels.Bytes(new byte[5])))
                .hasMessage("set: 2 labels and 5 bytes do not fit images of 1 x 1 x 2.");
    }

    @Test
    void aPartWithoutImagesIsRefused() {
        assertThat(dataset(2, 0, HALF, HALF).test().count())
                .as("tests are for who has some")
                .isZero();
        assertThat(dataset(2, 1, HALF, HALF).withoutTest())
                .extracting(set -> set.test().count())
                .isEqualTo(0);
        assertThatThrownBy(() -> dataset(0, 2, HALF, HALF))
                .hasMessage("mine: there is no training image; give at least one.");
    }

    @Test
    void oneNumberForEachChannelIsWanted() {
        assertThatThrownBy(() -> dataset(2, 1, List.of(0.5), List.of(0.5)))
                .hasMessageContaining("each of 2 channels, but has 1 and 1");
        assertThatThrownBy(() -> new Dataset("mine", images(1), images(1), HALF, HALF, -1, true))
                .hasMessageContaining("padding must be at least 0 pixels, but is -1");
    }

    @Test
    void whatIsCheckedCannotBeChangedAfterwards() {
        List<Double> deviation = new ArrayList<>(HALF);
        Dataset dataset = dataset(2, 1, HALF, deviation);
        deviation.set(0, 0.0);
        assertThat(dataset.deviation()).isEqualTo(HALF);
    }

    @Test
    void imagesThatAreNotThereAreNotSelected() {
        assertThat(images(3).first(2).count()).isEqualTo(2);
        assertThatThrownBy(() -> images(3).first(0)).hasMessageContaining("at least 1, but is 0");
        assertThatThrownBy(() -> images(3).first(-4)).hasMessageContaining("at least 1, but is -4");
        for (int bad : new int[] {-1, 3}) {
            assertThatThrownBy(() -> images(3).select("some", new int[] {0, bad}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("few: there is no image " + bad + "; it has 3, from 0.");
        }
    }
}
