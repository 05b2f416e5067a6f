package io.github.kib4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
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

    @Test
    void aPartWithoutImagesIsRefused() {
        assertThatThrownBy(() -> dataset(2, 0, HALF, HALF))
                .hasMessage("mine: there is no test image; give at least one.");
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
