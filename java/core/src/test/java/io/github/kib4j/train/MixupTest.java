package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.Scope;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts of mixed images are of {@code Beta(alpha, alpha)}, and a function of seed and step alone. */
final class MixupTest {
    private static final int DRAWN = 20_000;

    private static double[] parts(double alpha, long seed) {
        try (Device device = Devices.open("reference", 0).device();
                Scope scope = device.newScope("test")) {
            Mixup mixup = new Mixup(device, scope, alpha, seed, 4, 1);
            return LongStream.range(0, DRAWN).mapToDouble(mixup::part).toArray();
        }
    }

    /** Mean, variance and fourth moment about the mean, within five of their standard deviations. */
    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.2, 1, 3, 50})
    void momentsAreThoseOfTheDistribution(double alpha) {
        double[] parts = parts(alpha, 11);
        double variance = 1 / (4 * (2 * alpha + 1));
        double fourth = 3 * variance * variance * (2 * alpha + 1) / (2 * alpha + 3);
        assertThat(Arrays.stream(parts)).allMatch(part -> part >= 0 && part <= 1);
        double error = 5 / Math.sqrt(DRAWN);
        assertThat(mean(parts, 1)).isCloseTo(0, within(error * Math.sqrt(variance)));
        assertThat(mean(parts, 2)).isCloseTo(variance, within(error * Math.sqrt(fourth - variance * variance)));
        assertThat(mean(parts, 4)).isCloseTo(fourth, within(error * 0.25 * Math.sqrt(fourth)));
    }

    private static double mean(double[] parts, int power) {
        return Arrays.stream(parts)
                .map(part -> Math.pow(part - 0.5, power))
                .average()
                .orElseThrow();
    }

    /** {@code Beta(1, 1)} is uniform: no step of its distribution function is far off (Kolmogorov, 1 in a million). */
    @Test
    void oneIsUniform() {
        double[] parts = parts(1, 5);
        Arrays.sort(parts);
        for (int i = 0; i < DRAWN; i++) {
            assertThat(parts[i]).isCloseTo((i + 0.5) / DRAWN, within(2.7 / Math.sqrt(DRAWN)));
        }
    }

    @Test
    void extremesAreNumbers() {
        // of 20,000 parts 0.4 are elsewhere in the mean
        assertThat(Arrays.stream(parts(1e-6, 3)).filter(part -> part < 1e-9 || part > 1 - 1e-9))
                .hasSizeGreaterThan(DRAWN - 10);
        assertThat(Arrays.stream(parts(1e6, 3))).allMatch(part -> Math.abs(part - 0.5) < 0.003);
    }

    @Test
    void seedAndStepDecide() {
        assertThat(parts(0.2, 3)).isEqualTo(parts(0.2, 3)).isNotEqualTo(parts(0.2, 4));
        assertThat(Arrays.stream(parts(0.2, 3)).distinct().count()).isGreaterThan(DRAWN / 2);
    }
}
