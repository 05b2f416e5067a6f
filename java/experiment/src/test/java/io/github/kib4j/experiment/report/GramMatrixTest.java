package io.github.kib4j.experiment.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.objective.Dependence;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gram matrices are those of docs/mathematics.md, section 3, and their alignment that of the library's HSIC. */
final class GramMatrixTest {
    private static float[] random(Random random, int size) {
        float[] numbers = new float[size];
        for (int i = 0; i < size; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private static float[][] rows(float[] flat, int count) {
        float[][] rows = new float[count][flat.length / count];
        for (int i = 0; i < flat.length; i++) {
            rows[i / rows[0].length][i % rows[0].length] = flat[i];
        }
        return rows;
    }

    static Stream<Kernel> kernels() {
        return Stream.of(Kernel.LINEAR, Kernel.COSINE, Kernel.gaussian(2));
    }

    /** The library computes in double what a picture shows: nothing is rounded but the codes, which both get. */
    @ParameterizedTest
    @MethodSource("kernels")
    void alignmentIsNormalizedHsic(Kernel kernel) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int batch = 12;
        float[] x = random(random, batch * 7);
        float[] y = random(random, batch * 3);
        GramMatrix k = GramMatrix.of(x, batch, kernel, false);
        GramMatrix l = GramMatrix.of(y, batch, Kernel.COSINE, false);
        try (Device device = Devices.open("reference", 1).device()) {
            double kl = Dependence.of(device, rows(x, batch), kernel, rows(y, batch), Kernel.COSINE, Estimator.HSIC);
            double kk = Dependence.of(device, rows(x, batch), kernel, rows(x, batch), kernel, Estimator.HSIC);
            double ll =
                    Dependence.of(device, rows(y, batch), Kernel.COSINE, rows(y, batch), Kernel.COSINE, Estimator.HSIC);
            assertThat(k.alignment(l)).as("seed %d", seed).isCloseTo(kl / Math.sqrt(kk * ll), within(1e-10));
        }
        assertThat(k.alignment(k)).as("seed %d", seed).isCloseTo(1, within(1e-12));
    }

    @Test
    void entriesAreThoseOfTheFormula() {
        float[] u = {1, 3, 2, 2, 0, 4};
        // Centred: (-1, 1), (0, 0), (-2, 2).
        assertThat(GramMatrix.of(u, 3, Kernel.LINEAR, true).k()).containsExactly(2, 0, 4, 0, 0, 0, 4, 0, 8);
        assertThat(GramMatrix.of(u, 3, Kernel.COSINE, true).k())
                .usingComparatorWithPrecision(1e-15)
                .containsExactly(1, 0, 1, 0, 0, 0, 1, 0, 1);
        assertThat(GramMatrix.of(u, 3, Kernel.gaussian(1), false).k()[1]).isCloseTo(Math.exp(-1), within(1e-15));
    }

    @Test
    void aScaleLeavesOutTheDiagonalAndPicturesStayWithinIt() {
        GramMatrix k = new GramMatrix(3, new double[] {100, 1, 2, 1, 100, 3, 2, 3, 100});
        assertThat(k.range()).containsExactly(1, 3);
        assertThat(k.levels(1, 3)).containsExactly(-1, 0, 128 - 256, 0, -1, -1, 128 - 256, -1, -1);
        GramMatrix flat = new GramMatrix(2, new double[] {1, 1, 1, 1});
        double[] range = flat.range();
        assertThat(range[1]).isGreaterThan(range[0]);
        assertThat(flat.alignment(k(2))).isNaN();
        GramMatrix bad = new GramMatrix(2, new double[] {Double.NaN, Double.NaN, Double.NaN, 1});
        assertThat(bad.range()).containsExactly(0, 1);
        assertThat(bad.levels(0, 1)).containsExactly(0, 0, 0, -1);
    }

    private static GramMatrix k(int size) {
        double[] k = new double[size * size];
        k[0] = 1;
        return new GramMatrix(size, k);
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
