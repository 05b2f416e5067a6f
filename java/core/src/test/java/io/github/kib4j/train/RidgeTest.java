package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ridge regression ends where the penalized sum of squares is flat, whichever of the two systems is solved. */
final class RidgeTest {
    /** More samples than features, fewer, and both more than a block of the factors. */
    @ParameterizedTest
    @CsvSource({"40, 7", "7, 40", "12, 12", "150, 140", "140, 150", "2, 1"})
    void theGradientIsZero(int samples, int width) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        float[] x = new float[samples * width];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (2 + random.nextGaussian());
        }
        double[][] y = new double[samples][3];
        for (double[] row : y) {
            row[random.nextInt(3)] = 1;
        }
        double penalty = 0.05;
        Ridge ridge = Ridge.fit(x, y, penalty);
        double lambda = penalty * differences(x, samples, width) / samples;
        for (int c = 0; c < 3; c++) {
            double[] gradient = new double[width];
            double ofBias = 0;
            for (int b = 0; b < samples; b++) {
                double error = ridge.of(x, b)[c] - y[b][c];
                ofBias += error;
                for (int k = 0; k < width; k++) {
                    gradient[k] += error * x[b * width + k];
                }
            }
            assertThat(ofBias).as("bias, seed %d", seed).isCloseTo(0, within(1e-9 * samples));
            for (int k = 0; k < width; k++) {
                assertThat(gradient[k] + lambda * ridge.weights()[c][k])
                        .as("weight %d, seed %d", k, seed)
                        .isCloseTo(0, within(1e-9 * samples));
            }
        }
    }

    private static double differences(float[] x, int samples, int width) {
        double squares = 0;
        for (int k = 0; k < width; k++) {
            double mean = 0;
            for (int b = 0; b < samples; b++) {
                mean += (double) x[b * width + k] / samples;
            }
            for (int b = 0; b < samples; b++) {
                squares += Math.pow(x[b * width + k] - mean, 2);
            }
        }
        return squares;
    }

    /** Features that are the same of all samples say the mean of the targets. */
    @Test
    void constantFeaturesSayTheMean() {
        double[][] y = {{1, 0}, {1, 0}, {0, 1}};
        Ridge ridge = Ridge.fit(new float[] {4, 4, 4, 4, 4, 4}, y, Ridge.USUAL);
        assertThat(ridge.of(new float[] {4, 4}, 0))
                .usingComparatorWithPrecision(1e-15)
                .containsExactly(2.0 / 3, 1.0 / 3);
    }

    @Test
    void factorsGiveTheMatrixBack() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int size = 130;
        double[] a = new double[size * size];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j <= i; j++) {
                a[i * size + j] = random.nextGaussian() + (i == j ? 3 * size : 0);
                a[j * size + i] = a[i * size + j];
            }
        }
        double[] solved = random.doubles(size).toArray();
        double[] right = solved.clone();
        Cholesky.of(a.clone(), size, 1).solve(solved);
        for (int i = 0; i < size; i++) {
            double sum = solved[i];
            for (int j = 0; j < size; j++) {
                sum += a[i * size + j] * solved[j];
            }
            assertThat(sum).as("row %d, seed %d", i, seed).isCloseTo(right[i], within(1e-12));
        }
    }
}
