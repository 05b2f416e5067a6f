package io.github.kib4j.dependence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What stands for all pairs comes to what they are, within the error that it says. */
final class FeaturesTest {
    private static final long SEED = Long.getLong("kib4j.seed", 3);
    private static final List<Kernel> KERNELS =
            List.of(Kernel.gaussian(1.5), Kernel.gaussian(1, 3), Kernel.laplace(2), Kernel.inverseMultiquadric(1.5));

    static {
        System.out.println("features: -Dkib4j.seed=" + SEED);
    }

    private final Random random = new Random(SEED);
    private Device device;

    @BeforeEach
    void open() {
        device = Devices.open("reference", 1).device();
    }

    @AfterEach
    void close() {
        device.close();
    }

    private static double dot(Observations features, int i, int j) {
        double[] all = features.all("features");
        double sum = 0;
        for (int k = 0; k < features.width(); k++) {
            sum += all[i * features.width() + k] * all[j * features.width() + k];
        }
        return sum;
    }

    /** A product is a mean of {@code M} cosines, each of a deviation of at most 1: within five of {@code 1/sqrt(M)}. */
    @Test
    void productsOfFourierFeaturesAreTheKernel() {
        double[][] x = Loops.normal(random, 6, 3);
        int frequencies = 20_000;
        for (Kernel kernel : KERNELS) {
            Observations features = Features.fourier(device, Variable.of(x, kernel), frequencies, SEED);
            for (int i = 0; i < 6; i++) {
                for (int j = 0; j < 6; j++) {
                    assertThat(dot(features, i, j))
                            .as(kernel + ", seed " + SEED)
                            .isCloseTo(Loops.kernel(x[i], x[j], kernel), within(5 / Math.sqrt(frequencies)));
                }
            }
        }
    }

    /** Between landmarks products are the kernel, and never above it on the diagonal; with all samples as landmarks they are all of it. */
    @Test
    void productsOfNystromFeaturesAreTheKernelBetweenLandmarks() {
        double[][] x = Loops.normal(random, 20, 3);
        x[7] = x[2].clone();
        for (Kernel kernel : List.of(Kernel.LINEAR, Kernel.gaussian(1.5), Kernel.laplace(2), Kernel.DELTA)) {
            Observations all = Features.nystrom(device, Variable.of(x, kernel), 20, SEED);
            assertThat(all.width()).isLessThan(20); // one is there twice
            Observations some = Features.nystrom(device, Variable.of(x, kernel), 5, SEED);
            assertThat(some.width()).isLessThanOrEqualTo(5);
            for (int i = 0; i < 20; i++) {
                for (int j = 0; j < 20; j++) {
                    assertThat(dot(all, i, j))
                            .as(kernel.toString())
                            .isCloseTo(Loops.kernel(x[i], x[j], kernel), within(1e-4));
                }
                assertThat(dot(some, i, i)).isLessThan(Loops.kernel(x[i], x[i], kernel) + 1e-6);
            }
            for (int i : Draws.some(new Random(SEED), 20, 5)) {
                assertThat(dot(some, i, i)).isCloseTo(Loops.kernel(x[i], x[i], kernel), within(1e-4));
            }
        }
    }

    @Test
    void whatHsicOfFeaturesMissesIsWithinWhatItSays() {
        double[][] x = Loops.normal(random, 80, 2);
        double[][] y = Loops.normal(random, 80, 2);
        int[] labels = new int[80];
        for (int i = 0; i < 80; i++) {
            y[i][0] += x[i][0] * x[i][0];
            labels[i] = x[i][1] > 0.5 ? 7 : x[i][1] > 0 ? 0 : -1;
        }
        List<Variable> others = List.of(
                Variable.of(y, Kernel.gaussian(1)),
                Variable.of(y, Kernel.LINEAR),
                Variable.of(y, Kernel.COSINE),
                Variable.of(Observations.ofLabels(labels), Kernel.DELTA));
        for (Kernel kernel : KERNELS) {
            Variable v = Variable.of(x, kernel);
            for (Variable other : others) {
                double hsic = Measure.HSIC.of(device, v, other);
                Estimate fourier = Features.fourierHsic(device, v, other, 100, 10, SEED);
                assertThat(fourier.error()).isBetween(1e-5 * hsic, 0.3 * hsic);
                assertThat(fourier.value())
                        .as(kernel + ", " + other + ", seed " + SEED)
                        .isCloseTo(hsic, within(5 * fourier.error()));
                Features.Range nystrom = Features.nystromHsic(device, v, other, 20, SEED);
                assertThat(hsic).isBetween(nystrom.value() - 1e-6, nystrom.value() + nystrom.above() + 1e-6);
                assertThat(Features.nystromHsic(device, v, other, 80, SEED).above())
                        .isLessThan(1e-4);
            }
        }
    }

    @Test
    void averagesOfBlocksAreMeansOfBlocks() {
        double[][] x = Loops.normal(random, 1000, 1);
        double[][] y = Loops.normal(random, 1000, 1);
        double[][] square = Arrays.stream(x)
                .map(row -> new double[] {row[0] * row[0] + random.nextGaussian()})
                .toArray(double[][]::new);
        Kernel kernel = Kernel.gaussian(1);
        Estimate none = BlockAverages.hsic(device, Variable.of(x, kernel), Variable.of(y, kernel), 30);
        Estimate some = BlockAverages.hsic(device, Variable.of(x, kernel), Variable.of(square, kernel), 30);
        double sum = 0;
        double squares = 0;
        for (int k = 0; k < 33; k++) {
            double[][] partX = Arrays.copyOfRange(x, 30 * k, 30 * k + 30);
            double[][] partY = Arrays.copyOfRange(y, 30 * k, 30 * k + 30);
            double hsic = Loops.of(Measure.HSIC_UNBIASED, Loops.gram(partX, kernel), Loops.gram(partY, kernel));
            sum += hsic / 33;
            squares += hsic * hsic / 33;
        }
        assertThat(none.repeats()).isEqualTo(33);
        assertThat(none.value()).isCloseTo(sum, within(1e-12));
        assertThat(none.error()).isCloseTo(Math.sqrt((squares - sum * sum) / 32), within(1e-12));
        assertThat(none.pValue()).as("seed " + SEED).isGreaterThan(0.01);
        assertThat(some.pValue()).as("seed " + SEED).isLessThan(1e-4);

        Observations first = Observations.of(x);
        Estimate same = BlockAverages.mmd(device, first, Observations.of(y), kernel, 20);
        assertThat(same.repeats()).isEqualTo(50);
        assertThat(same.pValue()).as("seed " + SEED).isGreaterThan(0.01);
        assertThat(BlockAverages.mmd(device, first, Observations.of(square), kernel, 20)
                        .pValue())
                .isLessThan(1e-4);
        assertThat(BlockAverages.mmd(device, first, first, kernel, 20).value()).isNegative();
        Observations constant = Observations.of(new double[100][1]);
        assertThat(BlockAverages.mmd(device, constant, constant, kernel, 20).pValue())
                .isEqualTo(1);
    }
}
