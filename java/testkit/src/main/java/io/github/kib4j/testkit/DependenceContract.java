package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.objective.Dependence;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Dependence} on any device: right where samples are alike, at any scale, and in a sentence where they are none. */
public abstract class DependenceContract extends BackendContract {
    private static final long SEED = Long.getLong("kib4j.seed", System.nanoTime());

    /** Digits of the arithmetic that answers are compared with. */
    private static final MathContext EXACT = new MathContext(300);

    private Device device;

    @BeforeEach
    void openDevice() {
        device = open();
    }

    @AfterEach
    void closeDevice() {
        device.close();
    }

    /** What is known of small variables: of x compared by its kernel, and y linear. */
    record Known(String name, float[][] x, Kernel kernel, float[][] y, double hsic, double phsic) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Known> known() {
        float[][] y = column(0, 1, 2, 4);
        float[][] beside = {{1, 0}, {1, .001f}, {1, .002f}, {1, .004f}};
        float[][] three = column(1, 2, 3);
        return Stream.of(
                new Known(
                        "Gaussian, 1e-3",
                        column(0, .001f, .002f, .004f),
                        Kernel.gaussian(5),
                        y,
                        1.91406239644e-7,
                        9.29687417769e-8),
                new Known(
                        "Gaussian, 1e-4",
                        column(0, .0001f, .0002f, .0004f),
                        Kernel.gaussian(5),
                        y,
                        1.91406240044e-9,
                        9.29687451323e-10),
                new Known("cosine", beside, Kernel.COSINE, y, 4.78509780397e-6, 2.3242106964e-6),
                new Known("linear", beside, Kernel.LINEAR, y, 4.78515670457e-6, 1.81835954773e-5),
                new Known(
                        "huge", column(1e20f, 2e20f, 4e20f), Kernel.LINEAR, three, 1.00000004008e40, 1.03333337475e41),
                new Known(
                        "tiny",
                        column(1e-25f, 2e-25f, 4e-25f),
                        Kernel.LINEAR,
                        three,
                        1.00000003908e-50,
                        1.03333337372e-49));
    }

    private static float[][] column(float... entries) {
        float[][] rows = new float[entries.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = new float[] {entries[i]};
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("known")
    void knownValues(Known k) {
        near(k.hsic(), Dependence.of(device, k.x(), k.kernel(), k.y(), Kernel.LINEAR, Estimator.HSIC), 1e-11);
        near(k.phsic(), Dependence.of(device, k.x(), k.kernel(), k.y(), Kernel.LINEAR, Estimator.PHSIC), 1e-11);
    }

    private static void near(double expected, double actual, double tolerance) {
        assertThat(actual / expected).isBetween(1 - tolerance, 1 + tolerance);
    }

    /** Samples around a mean, spread by this much. */
    record Samples(double mean, double deviation) {
        float[][] draw(Random random, int count, int width) {
            float[] means = new float[width];
            for (int k = 0; k < width; k++) {
                means[k] = (float) (mean * (random.nextInt(3) - 1));
            }
            float[][] rows = new float[count][width];
            for (float[] row : rows) {
                for (int k = 0; k < width; k++) {
                    row[k] = (float) (means[k] + deviation * random.nextGaussian());
                }
            }
            return rows;
        }
    }

    static List<Samples> samples() {
        return List.of(
                new Samples(0, 1),
                new Samples(1000, 1),
                new Samples(1e4, 0.1),
                new Samples(1, 1e-5),
                new Samples(0, 1e-6),
                new Samples(0, 1e30),
                new Samples(1e18, 1e16),
                new Samples(0, 1e-30),
                new Samples(0, 1e-42));
    }

    /** Against arithmetic of 300 digits: within 1e-5 of {@code sqrt(dep(x,x) dep(y,y))}, every kernel and estimator. */
    @ParameterizedTest
    @MethodSource("samples")
    void exactWhereverSamplesLie(Samples samples) {
        System.out.println("dependence: -Dkib4j.seed=" + SEED);
        Random random = new Random(SEED);
        float[][] x = samples.draw(random, 7, 3);
        float[][] y = new Samples(1, 1).draw(random, 7, 2);
        x[5] = x[1].clone();
        List<Kernel> kernels = List.of(
                Kernel.LINEAR, Kernel.COSINE, Kernel.gaussian(5), Kernel.gaussian(1e-3), Kernel.gaussian(1e3, 1, 0.02));
        for (Kernel kernel : kernels) {
            BigDecimal[][] k = gram(x, kernel);
            for (Kernel other : List.of(Kernel.LINEAR, Kernel.COSINE, Kernel.gaussian(1))) {
                BigDecimal[][] l = gram(y, other);
                for (Estimator estimator : Estimator.values()) {
                    double bound = Math.sqrt(dependence(k, k, estimator)) * Math.sqrt(dependence(l, l, estimator));
                    double actual = Dependence.of(device, x, kernel, y, other, estimator);
                    assertThat(Math.abs(actual - dependence(k, l, estimator)))
                            .as(samples + ", " + kernel + " and " + other + ", " + estimator + ", seed " + SEED)
                            .isLessThanOrEqualTo(1e-5 * bound);
                    assertThat(Dependence.of(device, y, other, x, kernel, estimator))
                            .as("symmetric")
                            .isBetween(actual - 1e-9 * bound, actual + 1e-9 * bound);
                }
            }
        }
    }

    private static BigDecimal[][] gram(float[][] rows, Kernel kernel) {
        BigDecimal[][] k = new BigDecimal[rows.length][rows.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < rows.length; j++) {
                k[i][j] = kernel(rows[i], rows[j], kernel);
            }
        }
        return k;
    }

    private static BigDecimal kernel(float[] a, float[] b, Kernel kernel) {
        return switch (kernel.kind()) {
            case LINEAR -> product(a, b);
            case COSINE ->
                product(a, b).divide(product(a, a).multiply(product(b, b)).sqrt(EXACT), EXACT);
            default -> {
                BigDecimal squares = BigDecimal.ZERO;
                for (int g = 0; g < a.length; g++) {
                    BigDecimal difference = new BigDecimal(a[g]).subtract(new BigDecimal(b[g]));
                    squares = squares.add(difference.multiply(difference));
                }
                BigDecimal sum = BigDecimal.ZERO;
                for (double width : kernel.widths()) {
                    BigDecimal sigma = new BigDecimal(width);
                    sum = sum.add(exponential(
                            squares.negate().divide(sigma.multiply(sigma).multiply(BigDecimal.valueOf(2)), EXACT)));
                }
                yield sum.divide(BigDecimal.valueOf(kernel.widths().size()), EXACT);
            }
        };
    }

    private static BigDecimal product(float[] a, float[] b) {
        BigDecimal sum = BigDecimal.ZERO;
        for (int g = 0; g < a.length; g++) {
            sum = sum.add(new BigDecimal(a[g]).multiply(new BigDecimal(b[g])));
        }
        return sum;
    }

    /** Returns {@code exp(x)} of {@code x <= 0}: the series at {@code x / 1024}, squared ten times. */
    private static BigDecimal exponential(BigDecimal x) {
        if (x.doubleValue() < -1000) {
            return BigDecimal.ZERO;
        }
        BigDecimal small = x.divide(BigDecimal.valueOf(1024), EXACT);
        BigDecimal sum = BigDecimal.ONE;
        BigDecimal term = BigDecimal.ONE;
        for (int n = 1; n < 160; n++) {
            term = term.multiply(small).divide(BigDecimal.valueOf(n), EXACT);
            sum = sum.add(term, EXACT);
        }
        for (int n = 0; n < 10; n++) {
            sum = sum.multiply(sum, EXACT);
        }
        return sum;
    }

    /** {@code mean((A - mean A) B)}, or the same with row and column means taken off too. */
    private static double dependence(BigDecimal[][] a, BigDecimal[][] b, Estimator estimator) {
        int n = a.length;
        BigDecimal[] rows = new BigDecimal[n];
        BigDecimal mean = BigDecimal.ZERO;
        for (int i = 0; i < n; i++) {
            rows[i] = Stream.of(a[i]).reduce(BigDecimal.ZERO, BigDecimal::add).divide(BigDecimal.valueOf(n), EXACT);
            mean = mean.add(rows[i].divide(BigDecimal.valueOf(n), EXACT), EXACT);
        }
        BigDecimal sum = BigDecimal.ZERO;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                BigDecimal centred = estimator == Estimator.PHSIC
                        ? a[i][j].subtract(mean)
                        : a[i][j].subtract(rows[i]).subtract(rows[j]).add(mean);
                sum = sum.add(centred.multiply(b[i][j]), EXACT);
            }
        }
        return sum.divide(BigDecimal.valueOf((long) n * n), EXACT).doubleValue();
    }

    /** The biased HSIC is a square: of independent or constant variables, rounding does not make it negative. */
    @Test
    void hsicIsNeverBelowZero() {
        System.out.println("dependence: -Dkib4j.seed=" + SEED);
        Random random = new Random(SEED);
        List<Kernel> kernels = List.of(Kernel.LINEAR, Kernel.COSINE, Kernel.gaussian(5));
        for (int round = 0; round < 200; round++) {
            int count = 2 + random.nextInt(12);
            double mean = Math.pow(10, random.nextInt(7));
            float[][] x = new Samples(mean, random.nextBoolean() ? 0 : 1e-3).draw(random, count, 3);
            float[][] y = new Samples(mean, random.nextBoolean() ? 0 : 1).draw(random, count, 2);
            double value =
                    Dependence.of(device, x, kernels.get(round % 3), y, kernels.get(round / 3 % 3), Estimator.HSIC);
            assertThat(value).as("round " + round + ", seed " + SEED).isGreaterThanOrEqualTo(0);
        }
    }

    /**
     * Returns how many samples are many.
     *
     * @return so many that the square of it in floats would be more than 4 megabytes; on slow devices not more than that
     */
    protected int manySamplesHere() {
        return 5000;
    }

    /** Memory does not grow with the square of the number of samples, whose Gram matrices would be of up to 400 megabytes. */
    @Test
    void manySamples() {
        int count = manySamplesHere();
        float[][] x = new Samples(3, 1).draw(new Random(1), count, 20);
        assertThat(Dependence.of(device, x, Kernel.gaussian(5), x, Kernel.COSINE, Estimator.HSIC))
                .isBetween(0.001, 0.1);
        assertThat(device.liveBytes()).isLessThan(16 << 20);
    }

    /** A number twice, a negative one and one that is too large: the permutations beside them are computed. */
    @Test
    void whatIsNoPermutationIsNoNumber() {
        try (Scope scope = device.newScope("permutations")) {
            Tensor x = scope.allocate(DataType.F32, Shape.of(4, 1));
            x.write(new float[] {1, 2, 3, 5});
            Tensor orders = scope.allocate(DataType.I32, Shape.of(4, 4));
            orders.write(new int[] {0, 1, 1, 2, 3, 2, 1, 0, -1, 0, 1, 2, 0, 1, 2, 4});
            Tensor values = scope.allocate(DataType.F64, Shape.of(4));
            GramOps.Samples samples = new GramOps.Samples(x, Kernel.LINEAR);
            device.run(device.gram().shuffled(values, samples, samples, orders));
            assertThat(values.readDoubles()).containsExactly(Double.NaN, 362, Double.NaN, Double.NaN);
        }
    }

    @Test
    @SuppressWarnings("NullAway") // what is missing is among what is refused
    void whatIsNoSampleIsSaid() {
        float[][] good = {{1, 2}, {3, 4}};
        said(
                new float[][] {{1, 2}, {3, Float.POSITIVE_INFINITY}},
                good,
                "Entry 1 of sample 1 of x is Infinity; dependence needs finite numbers.");
        said(
                good,
                new float[][] {{Float.NaN}, {0}},
                "Entry 0 of sample 0 of y is NaN; dependence needs finite numbers.");
        said(good, new float[][] {{1}, null}, "Sample 1 of y is missing (null).");
        said(new float[][] {null, {1}}, good, "Dependence needs at least one sample with at least one entry in x.");
        said(null, good, "Dependence needs at least one sample with at least one entry in x.");
        said(good, null, "Dependence needs at least one sample with at least one entry in y.");
        said(new float[0][], good, "Dependence needs at least one sample with at least one entry in x.");
        said(good, new float[][] {{1}, {2, 3}}, "Sample 1 of y has 2 entries, the first has 1.");
        said(good, new float[3][1], "Dependence needs paired samples, but got 2 of x and 3 of y.");
    }

    private void said(float[][] x, float[][] y, String sentence) {
        assertThatThrownBy(() -> Dependence.of(device, x, Kernel.LINEAR, y, Kernel.COSINE, Estimator.HSIC))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(sentence);
    }
}
