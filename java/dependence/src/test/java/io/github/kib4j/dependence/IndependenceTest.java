package io.github.kib4j.dependence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of independence and of two samples: p-values are those of loops, levels hold, and dependence is found where others find it. */
final class IndependenceTest {
    private static final long SEED = Long.getLong("kib4j.seed", 11);
    private static final Kernel KERNEL = Kernel.gaussian(1);

    /** Under a null hypothesis, and the deviation of their part at 5 %: 0.5 %. */
    private static final int DRAWS = 2000;

    static {
        System.out.println("tests of independence: -Dkib4j.seed=" + SEED);
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

    private static double[][] permuted(double[][] x, int[] order) {
        return IntStream.of(order).mapToObj(i -> x[i]).toArray(double[][]::new);
    }

    @ParameterizedTest
    @EnumSource(Measure.class)
    void permutationsAreThoseOfLoops(Measure measure) {
        int n = 9;
        double[][] x = Loops.normal(random, n, 2);
        double[][] y = Loops.normal(random, n, 3);
        double[][] k = Loops.gram(x, KERNEL);
        double observed = Loops.of(measure, k, Loops.gram(y, Kernel.COSINE));
        Random again = new Random(33);
        int more = 0;
        for (int p = 0; p < 60; p++) {
            double[][] l = Loops.gram(permuted(y, Draws.permutation(again, n)), Kernel.COSINE);
            more += Loops.of(measure, k, l) >= observed ? 1 : 0;
        }
        TestResult result = Independence.permutations(
                device, measure, Variable.of(x, KERNEL), Variable.of(y, Kernel.COSINE), 60, 33);
        assertThat(result.statistic()).isCloseTo(observed, within(1e-12));
        assertThat(result.pValue()).as("seed " + SEED).isEqualTo((1.0 + more) / 61);
        assertThat(result.method()).isEqualTo(measure + ", permutations");
        assertThat(result.used())
                .isEqualTo("x 9 x 2 by GAUSSIAN of width [1.0], y 9 x 3 by COSINE, 60 draws of seed 33");
    }

    @Test
    void jointPermutationsAreThoseOfLoops() {
        int n = 8;
        double[][][] rows = {Loops.normal(random, n, 1), Loops.normal(random, n, 2), Loops.normal(random, n, 1)};
        List<Variable> variables = List.of(
                Variable.of(rows[0], KERNEL), Variable.of(rows[1], Kernel.laplace(1)), Variable.of(rows[2], KERNEL));
        double observed = joint(rows[0], rows[1], rows[2]);
        Random again = new Random(4);
        int more = 0;
        for (int p = 0; p < 40; p++) {
            double[][] second = permuted(rows[1], Draws.permutation(again, n));
            double[][] third = permuted(rows[2], Draws.permutation(again, n));
            more += joint(rows[0], second, third) >= observed ? 1 : 0;
        }
        TestResult result = Independence.jointPermutations(device, variables, 40, 4);
        assertThat(result.statistic()).isCloseTo(observed, within(1e-13));
        assertThat(result.pValue()).as("seed " + SEED).isEqualTo((1.0 + more) / 41);
    }

    private static double joint(double[][] x, double[][] y, double[][] z) {
        return Loops.joint(Loops.gram(x, KERNEL), Loops.gram(y, Kernel.laplace(1)), Loops.gram(z, KERNEL));
    }

    /** Mean and variance by the published program's way: {@code (1 + ab - a - b)/n}, and the squares of {@code HKH o HLH} off the diagonal. */
    @Test
    void theGammaApproximationIsThatOfLoops() {
        int n = 20;
        double[][] x = Loops.normal(random, n, 1);
        double[][] y = Loops.normal(random, n, 2);
        double[][] k = Loops.gram(x, KERNEL);
        double[][] l = Loops.gram(y, KERNEL);
        double[][] kc = Loops.centred(k);
        double[][] lc = Loops.centred(l);
        double squares = 0;
        double a = 0;
        double b = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                if (i != j) {
                    squares += Math.pow(kc[i][j] * lc[i][j] / 6, 2);
                    a += k[i][j] / n / (n - 1);
                    b += l[i][j] / n / (n - 1);
                }
            }
        }
        double variance = squares / n / (n - 1) * 72 * (n - 4) * (n - 5) / n / (n - 1) / (n - 2) / (n - 3);
        double mean = (1 + a * b - a - b) / n;
        double hsic = Loops.of(Measure.HSIC, k, l);
        TestResult result = Independence.gamma(device, Variable.of(x, KERNEL), Variable.of(y, KERNEL));
        assertThat(result.statistic()).isCloseTo(hsic, within(1e-14));
        assertThat(result.pValue())
                .isCloseTo(integral(mean * mean / variance, n * hsic / (variance * n / mean)), within(1e-7));
    }

    /** The upper part of a gamma distribution by Simpson's rule in {@code log t}. */
    private static double integral(double shape, double from) {
        int steps = 20_000;
        double upper = 0;
        double all = 0;
        double low = Math.log(1e-8);
        double high = Math.log(200 + 20 * shape);
        for (int part = 0; part < 2; part++) {
            double start = part == 0 ? Math.log(from) : low;
            double h = (high - start) / steps;
            double sum = 0;
            for (int i = 0; i <= steps; i++) {
                double t = Math.exp(start + i * h);
                double f = Math.exp(shape * Math.log(t) - t);
                sum += f * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
            }
            if (part == 0) {
                upper = sum * h / 3;
            } else {
                all = sum * h / 3;
            }
        }
        return upper / all;
    }

    /** Tables: quantiles of chi squared (shape 1/2 of the degrees of freedom, scale 2), and of the normal distribution. */
    @Test
    void tailsAreThoseOfTables() {
        assertThat(Tails.gamma(0.5, 2, 3.841458820694124)).isCloseTo(0.05, within(1e-14));
        assertThat(Tails.gamma(5, 2, 18.307038053275146)).isCloseTo(0.05, within(1e-14));
        assertThat(Tails.gamma(50, 2, 135.80672317102676)).isCloseTo(0.01, within(1e-13));
        assertThat(Tails.gamma(1, 3, 6)).isCloseTo(Math.exp(-2), within(1e-15));
        assertThat(Tails.gamma(2, 1, 0.01)).isCloseTo(1.01 * Math.exp(-0.01), within(1e-15));
        assertThat(Tails.gamma(1, 1, 0)).isEqualTo(1);
        assertThat(Tails.gamma(3000, 1, 3000)).isCloseTo(0.49757, within(1e-5));
        assertThat(Tails.normal(1.959963984540054)).isCloseTo(0.025, within(1e-15));
        assertThat(Tails.normal(-1.959963984540054)).isCloseTo(0.975, within(1e-15));
        assertThat(Tails.logGamma(0.5)).isCloseTo(Math.log(Math.PI) / 2, within(1e-14));
        assertThat(Tails.logGamma(11)).isCloseTo(Math.log(3628800), within(1e-14));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 5})
    void theWildBootstrapIsThatOfLoops(double memory) {
        int n = 10;
        double[][] x = Loops.normal(random, n, 2);
        double[][] y = Loops.normal(random, n, 1);
        double[][] k = Loops.centred(Loops.gram(x, KERNEL));
        double[][] l = Loops.centred(Loops.gram(y, Kernel.LINEAR));
        Random again = new Random(8);
        double observed = Loops.of(Measure.HSIC, k, l);
        int more = 0;
        for (int p = 0; p < 50; p++) {
            double[] w = new double[n];
            double before = again.nextGaussian();
            for (int i = 0; i < n; i++) {
                if (memory == 0) {
                    before = again.nextBoolean() ? 1 : -1;
                } else if (i > 0) {
                    before = Math.exp(-1 / memory) * before
                            + Math.sqrt(1 - Math.exp(-2 / memory)) * again.nextGaussian();
                }
                w[i] = before;
            }
            double sum = 0;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    sum += w[i] * w[j] * k[i][j] * l[i][j] / n / n;
                }
            }
            more += sum >= observed ? 1 : 0;
        }
        TestResult result = Independence.wildBootstrap(
                device, Variable.of(x, KERNEL), Variable.of(y, Kernel.LINEAR), 50, memory, 8);
        assertThat(result.statistic()).isCloseTo(observed, within(1e-13));
        assertThat(result.pValue()).as("seed " + SEED).isEqualTo((1.0 + more) / 51);
    }

    @ParameterizedTest
    @EnumSource(Discrepancy.class)
    void twoSamplesArePartedAsLoopsPartThem(Discrepancy discrepancy) {
        double[][] x = Loops.normal(random, 5, 2);
        double[][] y = Loops.normal(random, 7, 2);
        double[][] z = new double[12][];
        System.arraycopy(x, 0, z, 0, 5);
        System.arraycopy(y, 0, z, 5, 7);
        for (Kernel kernel : List.of(KERNEL, Kernel.LINEAR)) {
            double observed = Loops.mmd(discrepancy, x, y, kernel);
            Random again = new Random(2);
            int more = 0;
            for (int p = 0; p < 80; p++) {
                double[][] order = permuted(z, Draws.permutation(again, 12));
                double[][] first = Arrays.copyOf(order, 5);
                double[][] second = Arrays.copyOfRange(order, 5, 12);
                more += Loops.mmd(discrepancy, first, second, kernel) >= observed - 1e-12
                        ? 1
                        : 0; // may be the same parts
            }
            TestResult result =
                    TwoSamples.permutations(device, discrepancy, Observations.of(x), Observations.of(y), kernel, 80, 2);
            assertThat(result.statistic()).isCloseTo(observed, within(1e-13));
            assertThat(result.pValue()).as("seed " + SEED).isEqualTo((1.0 + more) / 81);
        }
    }

    /** {@code x_i} and {@code y_i} change places. */
    @ParameterizedTest
    @EnumSource(Discrepancy.class)
    void theWildBootstrapOfTwoSamplesIsThatOfLoops(Discrepancy discrepancy) {
        int n = 6;
        double[][] x = Loops.normal(random, n, 2);
        double[][] y = Loops.normal(random, n, 2);
        double observed = Loops.mmd(discrepancy, x, y, KERNEL);
        Random again = new Random(12);
        int more = 0;
        for (int p = 0; p < 80; p++) {
            double[][] first = new double[n][];
            double[][] second = new double[n][];
            for (int i = 0; i < n; i++) {
                boolean stay = again.nextBoolean();
                first[i] = stay ? x[i] : y[i];
                second[i] = stay ? y[i] : x[i];
            }
            more += Loops.mmd(discrepancy, first, second, KERNEL) >= observed - 1e-12 ? 1 : 0;
        }
        TestResult result =
                TwoSamples.wildBootstrap(device, discrepancy, Observations.of(x), Observations.of(y), KERNEL, 80, 12);
        assertThat(result.statistic()).isCloseTo(observed, within(1e-13));
        assertThat(result.pValue()).as("seed " + SEED).isEqualTo((1.0 + more) / 81);
    }

    /** What a test says of two samples that are drawn anew each time. */
    interface Trial {
        TestResult of(Device device, double[][] x, double[][] y, long seed);
    }

    enum Way {
        HSIC_PERMUTATIONS(
                20,
                (device, x, y, seed) -> Independence.permutations(
                        device, Measure.HSIC, Variable.of(x, KERNEL), Variable.of(y, KERNEL), 59, seed)),
        HSIC_UNBIASED_PERMUTATIONS(
                20,
                (device, x, y, seed) -> Independence.permutations(
                        device,
                        Measure.HSIC_UNBIASED,
                        Variable.of(x, KERNEL),
                        Variable.of(y, Kernel.LINEAR),
                        59,
                        seed)),
        HSIC_GAMMA(
                60, (device, x, y, seed) -> Independence.gamma(device, Variable.of(x, KERNEL), Variable.of(y, KERNEL))),
        HSIC_WILD(
                60,
                (device, x, y, seed) -> Independence.wildBootstrap(
                        device, Variable.of(x, KERNEL), Variable.of(y, KERNEL), 99, 0, seed)),
        MMD_PERMUTATIONS(
                15,
                (device, x, y, seed) -> TwoSamples.permutations(
                        device, Discrepancy.MMD_UNBIASED, Observations.of(x), Observations.of(y), KERNEL, 99, seed)),
        MMD_GAMMA(40, (device, x, y, seed) -> TwoSamples.gamma(device, Observations.of(x), Observations.of(y), KERNEL)),
        MMD_WILD(
                15,
                (device, x, y, seed) -> TwoSamples.wildBootstrap(
                        device, Discrepancy.MMD, Observations.of(x), Observations.of(y), KERNEL, 99, seed));

        private final int count;
        private final Trial trial;

        Way(int count, Trial trial) {
            this.count = count;
            this.trial = trial;
        }
    }

    /** Two independent normal variables, or two samples of one distribution, at 5 %: 3.5 to 6.5 % of 2,000 draws are rejected. */
    @ParameterizedTest
    @EnumSource(Way.class)
    void theLevelHolds(Way way) {
        double part = rejections(
                way.trial,
                DRAWS,
                draws -> Loops.normal(draws, way.count, 1),
                (x, draws) -> Loops.normal(draws, way.count, 1));
        System.out.printf("%s rejects %.2f %% of %d draws at 5 %%%n", way, 100 * part, DRAWS);
        assertThat(part).as("seed " + SEED).isBetween(0.035, 0.065);
    }

    interface Source {
        double[][] draw(Random random);
    }

    interface Other {
        double[][] draw(double[][] x, Random random);
    }

    /** Returns the part of draws that is rejected at 5 %, by two devices at a time. */
    private static double rejections(Trial trial, int draws, Source first, Other second) {
        return IntStream.range(0, 2)
                        .parallel()
                        .map(half -> {
                            Random random = new Random(SEED + 1000 * half);
                            int rejected = 0;
                            try (Device own = Devices.open("reference", 1).device()) {
                                for (int i = half; i < draws; i += 2) {
                                    double[][] x = first.draw(random);
                                    double[][] y = second.draw(x, random);
                                    rejected += trial.of(own, x, y, random.nextLong())
                                                    .rejects(0.05)
                                            ? 1
                                            : 0;
                                }
                            }
                            return rejected;
                        })
                        .sum()
                / (double) draws;
    }

    private static final Trial GAMMA = (device, x, y, seed) -> Independence.gamma(
            device,
            Variable.withMedian(Observations.of(x), Kernel.Kind.GAUSSIAN, 1),
            Variable.withMedian(Observations.of(y), Kernel.Kind.GAUSSIAN, 1));

    private static double[][] column(double[][] rows, int k) {
        return Arrays.stream(rows).map(row -> new double[] {row[k]}).toArray(double[][]::new);
    }

    /** Returns the part of draws of pairs of numbers of which the two are found to be dependent. */
    private static double found(Trial trial, int draws, Source pairs) {
        return rejections(
                (device, rows, same, seed) -> trial.of(device, column(rows, 0), column(rows, 1), seed),
                draws,
                pairs,
                (rows, random) -> rows);
    }

    /**
     * A mixture of two independent variables by a rotation, as Gretton et al., 2007, try it: rejected at the level without a rotation,
     * more often the further it is turned, and nearly always at 45 degrees with 128 samples.
     */
    @Test
    void powerOfRotatedSources() {
        double[] power = new double[4];
        for (int a = 0; a < 4; a++) {
            double angle = List.of(0.0, Math.PI / 16, Math.PI / 10, Math.PI / 4).get(a);
            power[a] = found(GAMMA, 100, draws -> {
                double[][] rows = new double[128][];
                for (int i = 0; i < rows.length; i++) {
                    double uniform = (2 * draws.nextDouble() - 1) * Math.sqrt(3);
                    double humps = (draws.nextBoolean() ? 1 : -1) * (1 + 0.3 * draws.nextGaussian());
                    rows[i] = new double[] {
                        Math.cos(angle) * uniform - Math.sin(angle) * humps,
                        Math.sin(angle) * uniform + Math.cos(angle) * humps
                    };
                }
                return rows;
            });
        }
        System.out.printf("rotated sources: %.2f, %.2f, %.2f, %.2f%n", power[0], power[1], power[2], power[3]);
        assertThat(power[0]).isLessThan(0.13);
        assertThat(power[1]).isGreaterThan(power[0] + 0.08);
        assertThat(power[2]).isGreaterThan(power[1] + 0.1);
        assertThat(power[3]).isGreaterThan(0.95);
    }

    /**
     * A density {@code 1 + sin(w x) sin(w y)} of the square, whose departure from independence is the harder to see the higher the frequency
     * (Gretton and Györfi, "Consistent nonparametric tests of independence", JMLR 11, 2010).
     */
    @Test
    void powerOfASinusoidFallsWithItsFrequency() {
        Kernel kernel = Kernel.gaussian(0.6);
        Trial narrow =
                (device, x, y, seed) -> Independence.gamma(device, Variable.of(x, kernel), Variable.of(y, kernel));
        double[] power = new double[3];
        for (int w = 1; w <= 3; w++) {
            int frequency = w;
            power[w - 1] = found(narrow, 100, draws -> {
                double[][] rows = new double[150][];
                for (int i = 0; i < rows.length; ) {
                    double a = Math.PI * (2 * draws.nextDouble() - 1);
                    double b = Math.PI * (2 * draws.nextDouble() - 1);
                    if (2 * draws.nextDouble() < 1 + Math.sin(frequency * a) * Math.sin(frequency * b)) {
                        rows[i++] = new double[] {a, b};
                    }
                }
                return rows;
            });
        }
        System.out.printf("sinusoids: %.2f, %.2f, %.2f%n", power[0], power[1], power[2]);
        assertThat(power[0]).isGreaterThan(0.9);
        assertThat(power[1]).isLessThanOrEqualTo(power[0]);
        assertThat(power[2]).isLessThan(power[1] - 0.3);
    }

    /** Points of a ring: neither coordinate says where the other is on average. */
    @Test
    void aRingIsFoundAndNoLineIs() {
        Source ring = draws -> {
            double[][] rows = new double[100][];
            for (int i = 0; i < rows.length; i++) {
                double angle = 2 * Math.PI * draws.nextDouble();
                double radius = 1 + 0.1 * draws.nextGaussian();
                rows[i] = new double[] {radius * Math.cos(angle), radius * Math.sin(angle)};
            }
            return rows;
        };
        double gaussian = found(GAMMA, 100, ring);
        Trial lines = (device, x, y, seed) ->
                Independence.gamma(device, Variable.of(x, Kernel.LINEAR), Variable.of(y, Kernel.LINEAR));
        double linear = found(lines, 100, ring);
        System.out.printf("ring: %.2f, with linear kernels %.2f%n", gaussian, linear);
        assertThat(gaussian).isGreaterThan(0.9);
        assertThat(linear).isLessThan(0.3);
    }

    /** Of two series that remember, permutations find what is not there; the wild bootstrap with a memory does so far less. */
    @Test
    void aSeriesNeedsAMemory() {
        Source series = draws -> {
            double[][] rows = new double[100][1];
            for (int i = 1; i < rows.length; i++) {
                rows[i][0] = 0.9 * rows[i - 1][0] + draws.nextGaussian();
            }
            return rows;
        };
        Other other = (x, draws) -> series.draw(draws);
        Kernel wide = Kernel.gaussian(3);
        double without = rejections(
                (device, x, y, seed) ->
                        Independence.wildBootstrap(device, Variable.of(x, wide), Variable.of(y, wide), 59, 0, seed),
                200,
                series,
                other);
        double with = rejections(
                (device, x, y, seed) ->
                        Independence.wildBootstrap(device, Variable.of(x, wide), Variable.of(y, wide), 59, 20, seed),
                200,
                series,
                other);
        System.out.printf("series: rejected %.2f without a memory, %.2f with one%n", without, with);
        assertThat(without).isGreaterThan(0.3);
        assertThat(with).isLessThan(without / 2);
    }

    @Test
    void constantsAreNotDependent() {
        Variable constant = Variable.of(new double[12][2], KERNEL);
        Variable y = Variable.of(Loops.normal(random, 12, 1), KERNEL);
        assertThat(Independence.gamma(device, constant, y).pValue()).isEqualTo(1);
        assertThat(Independence.permutations(device, Measure.CKA, constant, y, 20, 1)
                        .pValue())
                .isEqualTo(1);
        assertThat(Independence.wildBootstrap(device, y, constant, 20, 0, 1).pValue())
                .isEqualTo(1);
        Observations same = Observations.of(new double[12][2]);
        assertThat(TwoSamples.gamma(device, same, same, KERNEL).pValue()).isEqualTo(1);
        assertThat(TwoSamples.permutations(device, Discrepancy.MMD, same, same, KERNEL, 20, 1)
                        .pValue())
                .isEqualTo(1);
    }
}
