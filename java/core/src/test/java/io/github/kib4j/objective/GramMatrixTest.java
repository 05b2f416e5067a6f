package io.github.kib4j.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gram matrices are those of docs/mathematics.md, section 3, and what is found from them is what the library's operations find. */
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
        return Stream.of(Kernel.LINEAR, Kernel.COSINE, Kernel.gaussian(20));
    }

    /** The library computes from differences of samples what is found here from Gram matrices; codes are wider than a slice. */
    @ParameterizedTest
    @MethodSource("kernels")
    void dependencesAreTheLibrarys(Kernel kernel) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int batch = 12;
        float[] x = random(random, batch * 515);
        float[] y = random(random, batch * 3);
        GramMatrix k = GramMatrix.of(x, batch, new Comparison(kernel, false));
        GramMatrix l = GramMatrix.of(y, batch, new Comparison(Kernel.COSINE, false));
        try (Device device = Devices.open("reference", 1).device()) {
            for (Estimator estimator : Estimator.values()) {
                double kl = Dependence.of(device, rows(x, batch), kernel, rows(y, batch), Kernel.COSINE, estimator);
                double kk = Dependence.of(device, rows(x, batch), kernel, rows(x, batch), kernel, estimator);
                boolean hsic = estimator == Estimator.HSIC;
                assertThat(hsic ? k.hsic(l) : k.phsic(l))
                        .as("%s, seed %d", estimator, seed)
                        .isCloseTo(kl, within(1e-10 * Math.abs(kk)));
                assertThat(hsic ? k.hsic(k) : k.phsic(k))
                        .as("%s, seed %d", estimator, seed)
                        .isCloseTo(kk, within(1e-10 * kk));
            }
        }
        assertThat(k.alignment(k)).as("seed %d", seed).isCloseTo(1, within(1e-12));
        assertThat(k.alignment(l))
                .as("seed %d", seed)
                .isCloseTo(k.hsic(l) / Math.sqrt(k.hsic(k) * l.hsic(l)), within(1e-12));
    }

    @Test
    void entriesAreThoseOfTheFormula() {
        float[] u = {1, 3, 2, 2, 0, 4};
        // Centred: (-1, 1), (0, 0), (-2, 2).
        assertThat(GramMatrix.of(u, 3, new Comparison(Kernel.LINEAR, true)).k())
                .containsExactly(2, 0, 4, 0, 0, 0, 4, 0, 8);
        assertThat(GramMatrix.of(u, 3, new Comparison(Kernel.COSINE, true)).k())
                .usingComparatorWithPrecision(1e-15)
                .containsExactly(1, 0, 1, 0, 0, 0, 1, 0, 1);
        assertThat(GramMatrix.of(u, 3, new Comparison(Kernel.gaussian(1), false))
                        .k()[1])
                .isCloseTo(Math.exp(-1), within(1e-15));
        // Less the mean over the batch, (1, 3): (0, 0), (1, -1), (-1, 1).
        assertThat(GramMatrix.ofDifferences(u, 3).k()).containsExactly(0, 0, 0, 0, 2, -2, 0, -2, 2);
        assertThat(GramMatrix.ofLabels(new int[] {2, 0, 2}, 3, new Comparison(Kernel.COSINE, true))
                        .k())
                .usingComparatorWithPrecision(1e-15)
                .containsExactly(1, -0.5, 1, -0.5, 1, -0.5, 1, -0.5, 1);
    }

    /** Linear CKA knows no rotation, no scale and no shift of activities. */
    @Test
    void activitiesThatAreTurnedAndScaledAreTheSame() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int batch = 20;
        float[] x = random(random, batch * 2);
        float[] turned = new float[x.length];
        double angle = 2 * Math.PI * random.nextDouble();
        for (int b = 0; b < batch; b++) {
            double first = x[2 * b];
            double second = x[2 * b + 1];
            turned[2 * b] = (float) (3 * (Math.cos(angle) * first - Math.sin(angle) * second) + 5);
            turned[2 * b + 1] = (float) (3 * (Math.sin(angle) * first + Math.cos(angle) * second) - 1);
        }
        GramMatrix a = GramMatrix.ofDifferences(x, batch);
        assertThat(a.alignment(GramMatrix.ofDifferences(turned, batch)))
                .as("seed %d", seed)
                .isCloseTo(1, within(1e-5));
        assertThat(a.alignment(GramMatrix.ofDifferences(random(random, batch * 2), batch)))
                .as("seed %d", seed)
                .isLessThan(0.9);
    }

    /** What is the same of all samples has nothing in common with anything, whatever rounding leaves. */
    @Test
    void constantsSayNothing() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int batch = 9;
        GramMatrix other = GramMatrix.ofDifferences(random(random, batch * 3), batch);
        float[] same = new float[batch * 4];
        java.util.Arrays.fill(same, 0.1f + random.nextFloat());
        for (Kernel kernel : kernels().toList()) {
            GramMatrix k = GramMatrix.of(same, batch, new Comparison(kernel, false));
            assertThat(k.alignment(other)).as("%s, seed %d", kernel, seed).isZero();
            assertThat(k.hsic(k)).as("%s, seed %d", kernel, seed).isBetween(0.0, 1e-20);
        }
        assertThat(GramMatrix.ofDifferences(same, batch).alignment(other)).isZero();
        GramMatrix dead = GramMatrix.of(same, batch, new Comparison(Kernel.COSINE, true));
        assertThat(dead.k()).containsOnly(0);
        assertThat(dead.alignment(dead)).isZero();
    }
}
