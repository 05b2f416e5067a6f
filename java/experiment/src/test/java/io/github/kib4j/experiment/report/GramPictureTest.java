package io.github.kib4j.experiment.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.objective.GramMatrix;
import org.junit.jupiter.api.Test;

/** Scales of pictures, and what is counted of predictions. */
final class GramPictureTest {
    @Test
    void aScaleLeavesOutTheDiagonalAndPicturesStayWithinIt() {
        GramMatrix k = new GramMatrix(3, new double[] {100, 1, 2, 1, 100, 3, 2, 3, 100});
        assertThat(GramPicture.range(k)).containsExactly(1, 3);
        assertThat(GramPicture.levels(k, 1, 3)).containsExactly(-1, 0, 128 - 256, 0, -1, -1, 128 - 256, -1, -1);
        GramMatrix flat = new GramMatrix(2, new double[] {1, 1, 1, 1});
        double[] range = GramPicture.range(flat);
        assertThat(range[1]).isGreaterThan(range[0]);
        GramMatrix bad = new GramMatrix(2, new double[] {Double.NaN, Double.NaN, Double.NaN, 1});
        assertThat(GramPicture.range(bad)).containsExactly(0, 1);
        assertThat(GramPicture.levels(bad, 0, 1)).containsExactly(0, 0, 0, -1);
    }

    @Test
    void predictionsAreCountedAndTheWorstComeFirst() {
        TestPredictions predictions = new TestPredictions(2);
        predictions.add(0, 0, new float[] {2, 1}, 0);
        predictions.add(1, 0, new float[] {9, 9, 0, (float) Math.log(3)}, 2);
        predictions.add(2, 1, new float[] {(float) Math.log(9), 0}, 0);
        assertThat(predictions.images()).isEqualTo(3);
        assertThat(predictions.correct()).isEqualTo(1);
        assertThat(predictions.row(0)).containsExactly(1, 1);
        assertThat(predictions.row(1)).containsExactly(1, 0);
        assertThat(predictions.worst(5))
                .extracting(TestPredictions.Mistake::index)
                .containsExactly(2, 1);
        assertThat(predictions.worst(1).get(0).probability()).isCloseTo(0.1, within(1e-7));
        assertThat(predictions.worst(1).get(0).predictedProbability()).isCloseTo(0.9, within(1e-7));
        assertThat(predictions.mostConfused(5))
                .containsExactly(new TestPredictions.Confused(0, 1, 1, 2), new TestPredictions.Confused(1, 0, 1, 1));
    }
}
