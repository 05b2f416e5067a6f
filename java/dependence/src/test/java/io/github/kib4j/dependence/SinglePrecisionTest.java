package io.github.kib4j.dependence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The CPU device beside the reference, which other tests hold to loops: single precision in similarities, and nowhere else. */
final class SinglePrecisionTest {
    private static final long SEED = Long.getLong("kib4j.seed", 9);

    /** How far a similarity may be off, of its scale: a few units of single precision. */
    private static final double EPSILON = 0x1p-21;

    static {
        System.out.println("single precision: -Dkib4j.seed=" + SEED);
    }

    private final Random random = new Random(SEED);
    private Device reference;
    private Device cpu;

    @BeforeEach
    void open() {
        reference = Devices.open("reference", 1).device();
        cpu = Devices.open("cpu", 2).device();
    }

    @AfterEach
    void close() {
        reference.close();
        cpu.close();
    }

    /** Returns {@code sum_ij |dF/dK_ij|}, by which a measure changes at most where each similarity changes by 1. */
    private static double sensitivity(Slope slope, double[][] k, double[][] l) {
        double sum = 0;
        for (int i = 0; i < k.length; i++) {
            for (int j = 0; j < k.length; j++) {
                sum += Math.abs(
                        i == j
                                ? slope.diagonal()[i]
                                : slope.product() * l[i][j]
                                        + 2 * slope.square() * k[i][j]
                                        + (slope.rows()[i] + slope.rows()[j]) / 2);
            }
        }
        return sum;
    }

    private static double largest(double[][] k) {
        double largest = 0;
        for (int i = 0; i < k.length; i++) {
            largest = Math.max(largest, Math.abs(k[i][i]));
        }
        return largest;
    }

    private static double sensitivity(
            Device device, Measure measure, Variable x, Variable y, double[][] k, double[][] l) {
        try (TilePairs pairs = new TilePairs(device, List.of(x, y), false, "x", "y")) {
            return sensitivity(measure.slope(pairs.sums(true)), k, l);
        }
    }

    /** To 1e-5 of the measure's scale, and to what single precision in similarities can change. */
    @ParameterizedTest
    @EnumSource(Measure.class)
    void measuresAreWithinTheirBound(Measure measure) {
        for (int[] size : new int[][] {{6, 2, 2}, {64, 3, 2}, {61, 100, 3}}) {
            double[][] x = Loops.normal(random, size[0], size[1]);
            double[][] y = Loops.normal(random, size[0], size[2]);
            for (int i = 0; i < x.length; i++) {
                y[i][0] = (float) (y[i][0] + x[i][0] * x[i][0]);
            }
            double wide = Math.sqrt(size[1]);
            List<Kernel> kernels = List.of(
                    Kernel.LINEAR,
                    Kernel.COSINE,
                    Kernel.gaussian(1.5 * wide),
                    Kernel.laplace(2 * wide, 5 * wide),
                    Kernel.inverseMultiquadric(wide));
            for (Kernel kernelX : kernels) {
                for (Kernel kernelY : List.of(Kernel.LINEAR, Kernel.gaussian(1), Kernel.DELTA)) {
                    Variable v = Variable.of(x, kernelX);
                    Variable w = Variable.of(y, kernelY);
                    double[][] k = Loops.gram(x, kernelX);
                    double[][] l = Loops.gram(y, kernelY);
                    double expected = measure.of(reference, v, w);
                    double bound = EPSILON
                            * (sensitivity(reference, measure, v, w, k, l) * largest(k)
                                    + sensitivity(reference, measure, w, v, l, k) * largest(l));
                    String what = kernelX + ", " + kernelY + ", " + size[0] + " x " + size[1] + ", seed " + SEED;
                    double actual = measure.of(cpu, v, w);
                    assertThat(actual).as(what).isCloseTo(expected, within(bound));
                    double scale = measure.isAlignment()
                            ? 1
                            : Math.sqrt(Loops.of(measure == Measure.PHSIC ? Measure.PHSIC : Measure.HSIC, k, k)
                                    * Loops.of(measure == Measure.PHSIC ? Measure.PHSIC : Measure.HSIC, l, l));
                    assertThat(actual).as(what).isCloseTo(expected, within(1e-5 * scale));
                    double[][] dx = measure.gradient(reference, v, w).dx();
                    double[][] onCpu = measure.gradient(cpu, v, w).dx();
                    double most = 2 * EPSILON * terms(reference, measure, v, w, k, l) * steepest(x, kernelX);
                    for (int i = 0; i < dx.length; i++) {
                        assertThat(onCpu[i])
                                .as(what)
                                .usingComparatorWithPrecision(most)
                                .containsExactly(dx[i]);
                    }
                }
            }
        }
    }

    /** Returns the most, over samples, of what is added up in single precision to a sample's derivatives, before any of it cancels. */
    private static double terms(Device device, Measure measure, Variable x, Variable y, double[][] k, double[][] l) {
        try (TilePairs pairs = new TilePairs(device, List.of(x, y), false, "x", "y")) {
            Slope slope = measure.slope(pairs.sums(true));
            double most = 0;
            for (int i = 0; i < k.length; i++) {
                double sum = 0;
                for (int j = 0; j < k.length; j++) {
                    sum += Math.abs(slope.product() * l[i][j])
                            + Math.abs(2 * slope.square() * k[i][j])
                            + (Math.abs(slope.rows()[i]) + Math.abs(slope.rows()[j])) / 2;
                }
                most = Math.max(most, sum + Math.abs(slope.diagonal()[i]));
            }
            return most;
        }
    }

    /** Returns the largest derivative of a similarity with respect to a sample, twice, since a pair has two. */
    private static double steepest(double[][] x, Kernel kernel) {
        double most = 0;
        for (double[] a : x) {
            double length = Math.sqrt(Loops.kernel(a, a, Kernel.LINEAR));
            for (double[] b : x) {
                double distance = Math.sqrt(Math.max(
                        0,
                        length * length - 2 * Loops.kernel(a, b, Kernel.LINEAR) + Loops.kernel(b, b, Kernel.LINEAR)));
                most = Math.max(
                        most,
                        switch (kernel.kind()) {
                            case LINEAR -> length;
                            case COSINE -> 1 / length;
                            default -> kernel.slope(distance * distance) * distance;
                        });
            }
        }
        return 2 * most;
    }

    /** Thousands of samples, several products of single precision one after the other, and blocks of columns. */
    @Test
    void productsOfManySamplesAreThoseInDouble() {
        int n = 9001;
        int d = 300;
        float[] x = new float[n * d];
        float[] y = new float[n * 5];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < d; k++) {
                x[i * d + k] = (float) (1000 + random.nextGaussian());
            }
            for (int k = 0; k < 5; k++) {
                y[i * 5 + k] = (float) (x[i * d + 299 - k] - 1000 + random.nextGaussian());
            }
        }
        Observations samplesX = Observations.of(x, n, d);
        Observations samplesY = Observations.of(y, n, 5);
        double expected =
                cka(samplesX.centred("x").all("x"), d, samplesY.centred("y").all("y"), 5, n);
        Variable v = Variable.of(samplesX, Kernel.LINEAR);
        assertThat(Measure.CKA.of(cpu, v, Variable.of(samplesY, Kernel.LINEAR)))
                .as("seed " + SEED)
                .isCloseTo(expected, within(1e-5 * expected));
        assertThat(Measure.CKA.of(cpu, v, v)).isCloseTo(1, within(1e-6));
        assertThat(cpu.peakBytes()).isLessThan(64 << 20);
    }

    private static double cka(double[] x, int dx, double[] y, int dy, int n) {
        return squares(x, dx, y, dy, n) / Math.sqrt(squares(x, dx, x, dx, n) * squares(y, dy, y, dy, n));
    }

    private static double squares(double[] x, int dx, double[] y, int dy, int n) {
        double[] product = new double[dx * dy];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < dx; k++) {
                double entry = x[i * dx + k];
                for (int m = 0; m < dy; m++) {
                    product[k * dy + m] += entry * y[i * dy + m];
                }
            }
        }
        double sum = 0;
        for (double entry : product) {
            sum += entry * entry;
        }
        return sum;
    }

    @Test
    void testsSayWhatTheReferenceSays() {
        double[][] x = Loops.normal(random, 40, 3);
        double[][] y = Loops.normal(random, 40, 2);
        for (int i = 0; i < 40; i++) {
            y[i][0] = (float) (y[i][0] + 0.5 * x[i][0]);
        }
        Variable v = Variable.of(x, Kernel.gaussian(2));
        Variable w = Variable.of(y, Kernel.laplace(2));
        for (Measure measure : Measure.values()) {
            close(
                    Independence.permutations(cpu, measure, v, w, 199, SEED),
                    Independence.permutations(reference, measure, v, w, 199, SEED));
        }
        close(Independence.gamma(cpu, v, w), Independence.gamma(reference, v, w));
        close(
                Independence.wildBootstrap(cpu, v, w, 199, 3, SEED),
                Independence.wildBootstrap(reference, v, w, 199, 3, SEED));
        Observations first = Observations.of(x);
        Observations second = Observations.of(Loops.normal(random, 40, 3));
        for (Discrepancy discrepancy : Discrepancy.values()) {
            close(
                    TwoSamples.permutations(cpu, discrepancy, first, second, v.kernel(), 199, SEED),
                    TwoSamples.permutations(reference, discrepancy, first, second, v.kernel(), 199, SEED));
        }
        close(TwoSamples.gamma(cpu, first, second, v.kernel()), TwoSamples.gamma(reference, first, second, v.kernel()));
    }

    private static void close(TestResult actual, TestResult expected) {
        assertThat(actual.statistic())
                .as(expected + ", seed " + SEED)
                .isCloseTo(expected.statistic(), within(1e-5 * Math.abs(expected.statistic()) + 1e-7));
        // A draw that is as near to the statistic as rounding is counts on either side.
        assertThat(actual.pValue()).isCloseTo(expected.pValue(), within(0.011));
    }
}
