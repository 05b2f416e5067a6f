package io.github.kib4j.dependence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.math.BigDecimal;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Measures and their gradients are those of their definitions, in loops over double ({@link Loops}). */
final class MeasureTest {
    private static final long SEED = Long.getLong("kib4j.seed", 5);

    static final List<Kernel> KERNELS = List.of(
            Kernel.LINEAR,
            Kernel.COSINE,
            Kernel.gaussian(1.5),
            Kernel.gaussian(0.5, 1, 4),
            Kernel.laplace(2),
            Kernel.inverseMultiquadric(1, 3),
            Kernel.DELTA);

    static {
        System.out.println("measures: -Dkib4j.seed=" + SEED);
    }

    private Device device;
    private final Random random = new Random(SEED);

    @BeforeEach
    void open() {
        device = Devices.open("reference", 1).device();
    }

    @AfterEach
    void close() {
        device.close();
    }

    /** Of dependent variables with ties: a label beside it, and a sample that is there twice. */
    private double[][][] samples(int n, int dx, int dy) {
        double[][] x = Loops.normal(random, n, dx);
        double[][] y = Loops.normal(random, n, dy);
        for (int i = 0; i < n; i++) {
            y[i][0] += x[i][0] * x[i][0];
        }
        if (n > 4) {
            x[3] = x[1].clone();
            y[2] = y[4].clone();
        }
        return new double[][][] {x, y};
    }

    @ParameterizedTest
    @EnumSource(Measure.class)
    void isThatOfItsDefinition(Measure measure) {
        int least = measure.estimator().leastCount();
        for (int[] size : new int[][] {{least, 1, 1}, {5, 3, 2}, {9, 3, 2}, {12, 5, 9}, {17, 2, 1}}) {
            double[][][] xy = samples(size[0], size[1], size[2]);
            for (Kernel kernelX : KERNELS) {
                for (Kernel kernelY : KERNELS) {
                    double[][] k = Loops.gram(xy[0], kernelX);
                    double[][] l = Loops.gram(xy[1], kernelY);
                    double scale = Math.sqrt(Loops.of(Measure.HSIC, k, k) * Loops.of(Measure.HSIC, l, l));
                    double bound = measure.isAlignment() ? 1 : scale + Math.abs(Loops.mean(k) * Loops.mean(l));
                    assertThat(measure.of(device, Variable.of(xy[0], kernelX), Variable.of(xy[1], kernelY)))
                            .as(kernelX + ", " + kernelY + ", " + Arrays.toString(size) + ", seed " + SEED)
                            .isCloseTo(Loops.of(measure, k, l), within(1e-12 * bound));
                }
            }
        }
    }

    /** {@code n >= D}: without pairs; the same as through tiles, also far from zero. */
    @Test
    void bothWaysAgree() {
        double[][][] xy = samples(40, 3, 5);
        for (Kernel kernelX : List.of(Kernel.LINEAR, Kernel.COSINE)) {
            for (Kernel kernelY : List.of(Kernel.LINEAR, Kernel.COSINE)) {
                List<Variable> both = List.of(Variable.of(xy[0], kernelX), Variable.of(xy[1], kernelY));
                assertThat(ProductPairs.suits(both)).isTrue();
                try (TilePairs tiles = new TilePairs(device, both, false, "x", "y");
                        Pairs products = new ProductPairs(device, both, false, "x", "y")) {
                    PairSums a = tiles.sums(true);
                    PairSums b = products.sums(true);
                    assertThat(b.product()).isCloseTo(a.product(), within(1e-9));
                    assertThat(b.squares()).usingComparatorWithPrecision(1e-9).containsExactly(a.squares());
                    for (int v = 0; v < 2; v++) {
                        assertThat(b.rows()[v])
                                .usingComparatorWithPrecision(1e-10)
                                .containsExactly(a.rows()[v]);
                        assertThat(b.diagonals()[v])
                                .usingComparatorWithPrecision(1e-10)
                                .containsExactly(a.diagonals()[v]);
                    }
                    double[] rows = random.doubles(40).toArray();
                    Slope slope =
                            new Slope(0, 0.3, -0.7, rows, random.doubles(40).toArray());
                    assertThat(products.gradient(slope))
                            .usingComparatorWithPrecision(1e-10)
                            .containsExactly(tiles.gradient(slope));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Measure.class)
    void gradientIsThatOfFiniteDifferences(Measure measure) {
        for (int[] size : new int[][] {{6, 2, 3}, {6, 4, 3}}) { // without pairs, and through tiles
            double[][] x = Loops.normal(random, size[0], size[1]);
            double[][] y = samples(size[0], size[1], size[2])[1];
            for (Kernel kernelX : KERNELS) {
                for (Kernel kernelY : KERNELS) {
                    if (kernelX.kind() == Kernel.Kind.DELTA) {
                        continue;
                    }
                    Variable v = Variable.of(y, kernelY);
                    Gradient gradient = measure.gradient(device, Variable.of(x, kernelX), v);
                    assertThat(gradient.value()).isEqualTo(measure.of(device, Variable.of(x, kernelX), v));
                    assertDerivatives(
                            gradient,
                            x,
                            moved -> measure.of(device, Variable.of(moved, kernelX), v),
                            kernelX + ", " + kernelY);
                }
            }
        }
    }

    interface Function {
        double of(double[][] x);
    }

    /** Central differences at two steps, extrapolated: their error is of fourth order in the step. */
    static void assertDerivatives(Gradient gradient, double[][] x, Function function, String what) {
        double h = 1e-3;
        double largest = 1e-3;
        for (double[] row : gradient.dx()) {
            for (double entry : row) {
                largest = Math.max(largest, Math.abs(entry));
            }
        }
        assertThat(gradient.dx()).hasDimensions(x.length, x[0].length);
        for (int i = 0; i < x.length; i++) {
            for (int k = 0; k < x[0].length; k++) {
                double expected = (4 * difference(function, x, i, k, h) - difference(function, x, i, k, 2 * h)) / 3;
                assertThat(gradient.dx()[i][k])
                        .as(what + ", sample " + i + ", number " + k + ", seed " + SEED)
                        .isCloseTo(expected, within(1e-6 * largest));
            }
        }
    }

    private static double difference(Function function, double[][] x, int i, int k, double h) {
        double[][] up = Arrays.stream(x).map(double[]::clone).toArray(double[][]::new);
        double[][] down = Arrays.stream(x).map(double[]::clone).toArray(double[][]::new);
        up[i][k] += h;
        down[i][k] -= h;
        return (function.of(up) - function.of(down)) / (2 * h);
    }

    /** What is known by hand: of two samples {@code HSIC = (1 - k)(1 - l)/4}, and CKA 1. */
    @Test
    void ofTwoSamples() {
        Variable x = Variable.of(new double[][] {{0}, {1}}, Kernel.gaussian(1));
        Variable y = Variable.of(new double[][] {{3}, {5}}, Kernel.gaussian(1));
        double expected = (1 - Math.exp(-0.5)) * (1 - Math.exp(-2)) / 4;
        assertThat(Measure.HSIC.of(device, x, y)).isCloseTo(expected, within(1e-15));
        assertThat(Measure.CKA.of(device, x, y)).isCloseTo(1, within(1e-14));
        assertThat(Measure.HSIC.gradient(device, x, y).dx()[0][0]).isNegative();
    }

    /** Independent samples of an unbiased estimate are on either side of 0. */
    @Test
    void theUnbiasedHsicIsNegativeHalfOfTheTime() {
        int negative = 0;
        for (int round = 0; round < 100; round++) {
            Variable x = Variable.of(Loops.normal(random, 10, 1), Kernel.gaussian(1));
            Variable y = Variable.of(Loops.normal(random, 10, 1), Kernel.gaussian(1));
            negative += Measure.HSIC_UNBIASED.of(device, x, y) < 0 ? 1 : 0;
        }
        assertThat(negative).as("seed " + SEED).isBetween(30, 85);
    }

    /** A variable that does not vary tells nothing: 0, and not the quotient of two roundings. */
    @ParameterizedTest
    @EnumSource(Measure.class)
    void ofConstantsIsZero(Measure measure) {
        double[][] constant = new double[12][3];
        for (double[] row : constant) {
            Arrays.fill(row, 0.1);
        }
        double[][] y = Loops.normal(random, 12, 2);
        for (Kernel kernelX : KERNELS) {
            for (Kernel kernelY : KERNELS) {
                Variable x = Variable.of(constant, kernelX);
                Variable v = Variable.of(y, kernelY);
                assertThat(measure.of(device, x, v))
                        .as(kernelX + ", " + kernelY)
                        .isCloseTo(0, within(1e-15));
                assertThat(measure.of(device, v, x))
                        .as(kernelY + ", " + kernelX)
                        .isCloseTo(0, within(1e-15));
                if (kernelX.kind() != Kernel.Kind.DELTA) {
                    for (double[] row : measure.gradient(device, x, v).dx()) {
                        assertThat(row).doesNotContain(Double.NaN);
                    }
                }
            }
        }
    }

    /** An offset of a million deviations, in double: linear kernels and those of the distance do not notice. */
    @Test
    void anOffsetCostsNothing() {
        double[][] x = Loops.normal(random, 30, 2);
        double[][] far = Arrays.stream(x)
                .map(row -> Arrays.stream(row).map(v -> v + 0x1p20).toArray())
                .toArray(double[][]::new);
        Variable y = Variable.of(Loops.normal(random, 30, 2), Kernel.gaussian(1));
        for (Kernel kernel : List.of(Kernel.LINEAR, Kernel.gaussian(1), Kernel.laplace(1))) {
            for (Measure measure : List.of(Measure.HSIC, Measure.HSIC_UNBIASED, Measure.CKA)) {
                double expected = measure.of(device, Variable.of(x, kernel), y);
                assertThat(measure.of(device, Variable.of(far, kernel), y))
                        .as(measure + ", " + kernel)
                        .isCloseTo(expected, within(1e-9 * Math.abs(expected)));
            }
        }
    }

    /** Rows, strides, buffers and tensors are the same samples. */
    @Test
    void samplesMayLieAnywhere() {
        double[][] x = Loops.normal(random, 7, 3);
        Variable y = Variable.of(Loops.normal(random, 7, 2), Kernel.COSINE);
        float[][] rows = new float[7][3];
        float[] columns = new float[50];
        float[] flat = new float[21];
        for (int i = 0; i < 7; i++) {
            for (int k = 0; k < 3; k++) {
                rows[i][k] = (float) x[i][k];
                flat[3 * i + k] = rows[i][k];
                columns[45 - 15 * k - 2 * i] = rows[i][k]; // backwards, with gaps
            }
        }
        FloatBuffer buffer = FloatBuffer.allocate(23);
        buffer.position(2);
        buffer.put(flat).position(2);
        for (Kernel kernel : KERNELS) {
            double expected = Measure.CKA.of(device, Variable.of(x, kernel), y);
            try (Scope scope = device.newScope("test")) {
                Tensor tensor = scope.allocate(DataType.F32, Shape.of(7, 3, 1));
                tensor.write(flat);
                Observations late = Observations.of(buffer, 7, 3);
                List<Observations> all = List.of(
                        Observations.of(rows),
                        Observations.of(flat, 7, 3),
                        Observations.of(columns, 45, 7, 3, -2, -15),
                        late,
                        Observations.of(tensor),
                        Observations.of(rows).part(0, 7));
                for (Observations same : all) {
                    assertThat(Measure.CKA.of(device, Variable.of(same, kernel), y))
                            .as(kernel + ", " + all.indexOf(same))
                            .isCloseTo(expected, within(1e-14));
                }
                Tensor dx = scope.allocate(DataType.F32, Shape.of(7, 3));
                if (kernel.kind() != Kernel.Kind.DELTA) {
                    Variable v = Variable.of(Observations.of(tensor), kernel);
                    assertThat(Measure.CKA.gradient(device, v, y, dx)).isCloseTo(expected, within(1e-14));
                    double[] flatGradient = Arrays.stream(
                                    Measure.CKA.gradient(device, v, y).dx())
                            .flatMapToDouble(Arrays::stream)
                            .toArray();
                    assertThat(dx.readDoubles()).containsExactly(flatGradient);
                }
            }
        }
        assertThat(device.liveBytes()).isZero();
    }

    @Test
    void jointDependenceIsThatOfItsDefinition() {
        for (int v = 2; v <= 4; v++) {
            int n = 9;
            double[][][] grams = new double[v][][];
            Variable[] variables = new Variable[v];
            double[][][] rows = new double[v][][];
            for (int a = 0; a < v; a++) {
                rows[a] = Loops.normal(random, n, a + 1);
                Kernel kernel = KERNELS.get((2 * a + v) % 6);
                variables[a] = Variable.of(rows[a], kernel);
                grams[a] = Loops.gram(rows[a], kernel);
            }
            assertThat(JointDependence.of(device, List.of(variables)))
                    .isCloseTo(Loops.joint(grams), within(1e-12 * (1 + Loops.joint(grams))));
            for (int a = 0; a < v; a++) {
                int index = a;
                Gradient gradient = JointDependence.gradient(device, List.of(variables), a);
                assertDerivatives(
                        gradient,
                        rows[a],
                        moved -> {
                            Variable[] other = variables.clone();
                            other[index] = Variable.of(moved, variables[index].kernel());
                            return JointDependence.of(device, List.of(other));
                        },
                        "variable " + a + " of " + v);
            }
        }
    }

    @Test
    void jointDependenceOfTwoIsHsic() {
        double[][][] xy = samples(8, 2, 2);
        Variable x = Variable.of(xy[0], Kernel.gaussian(1));
        Variable y = Variable.of(xy[1], Kernel.laplace(1));
        assertThat(JointDependence.of(device, List.of(x, y))).isCloseTo(Measure.HSIC.of(device, x, y), within(1e-15));
    }

    @ParameterizedTest
    @EnumSource(Discrepancy.class)
    void discrepancyIsThatOfItsDefinition(Discrepancy discrepancy) {
        for (int[] size : new int[][] {{2, 3, 1}, {7, 4, 2}, {5, 5, 20}}) {
            double[][] x = Loops.normal(random, size[0], size[2]);
            double[][] y = Loops.normal(random, size[1], size[2]);
            y[0] = x[1].clone();
            for (Kernel kernel : KERNELS) {
                String what = kernel + ", " + Arrays.toString(size);
                double expected = Loops.mmd(discrepancy, x, y, kernel);
                Observations samplesY = Observations.of(y);
                assertThat(discrepancy.of(device, Observations.of(x), samplesY, kernel))
                        .as(what)
                        .isCloseTo(expected, within(1e-12 * (kernel == Kernel.LINEAR ? 20 : 1)));
                double[][] apart = Loops.normal(random, size[0], size[2]);
                if (kernel.kind() != Kernel.Kind.DELTA) {
                    assertDerivatives(
                            discrepancy.gradient(device, Observations.of(apart), samplesY, kernel),
                            apart,
                            moved -> discrepancy.of(device, Observations.of(moved), samplesY, kernel),
                            what);
                }
            }
        }
    }

    /** Batches are sums: in any order, in any parts, the same bits; and what the definition says. */
    @Test
    void minibatchesAddUpExactly() {
        MinibatchCka[] parts = new MinibatchCka[9];
        double cross = 0;
        double ofX = 0;
        double ofY = 0;
        for (int b = 0; b < parts.length; b++) {
            double[][][] xy = samples(5 + b, 3, 2);
            double size = Math.pow(10, b - 4);
            Arrays.stream(xy[0]).forEach(row -> row[0] *= size);
            Variable x = Variable.of(xy[0], Kernel.LINEAR);
            Variable y = Variable.of(xy[1], Kernel.gaussian(1));
            parts[b] = MinibatchCka.EMPTY.add(device, x, y);
            double[][] k = Loops.gram(xy[0], Kernel.LINEAR);
            double[][] l = Loops.gram(xy[1], Kernel.gaussian(1));
            cross += Loops.of(Measure.HSIC_UNBIASED, k, l);
            ofX += Loops.of(Measure.HSIC_UNBIASED, k, k);
            ofY += Loops.of(Measure.HSIC_UNBIASED, l, l);
        }
        MinibatchCka forward = Arrays.stream(parts).reduce(MinibatchCka.EMPTY, MinibatchCka::plus);
        for (int round = 0; round < 20; round++) {
            MinibatchCka left = MinibatchCka.EMPTY;
            MinibatchCka right = MinibatchCka.EMPTY;
            for (int b : Draws.permutation(random, parts.length)) {
                if (random.nextBoolean()) {
                    left = left.plus(parts[b]);
                } else {
                    right = parts[b].plus(right);
                }
            }
            assertThat(right.plus(left)).as("seed " + SEED).isEqualTo(forward);
            assertThat(right.plus(left).value()).isEqualTo(forward.value());
        }
        MinibatchCka sent = new MinibatchCka(
                forward.batches(),
                new BigDecimal(forward.cross().toString()),
                new BigDecimal(forward.ofX().toString()),
                new BigDecimal(forward.ofY().toString()));
        assertThat(sent).isEqualTo(forward);
        assertThat(forward.value()).isCloseTo(cross / Math.sqrt(ofX * ofY), within(1e-12));
        assertThat(MinibatchCka.EMPTY.value()).isZero();
    }

    @Test
    void theMedianIsThatOfAllDistances() {
        double[][] x = Loops.normal(random, 40, 3);
        double[] distances = new double[780];
        int at = 0;
        for (int i = 0; i < 40; i++) {
            for (int j = 0; j < i; j++) {
                distances[at++] = Math.sqrt(-Math.log(Loops.kernel(x[i], x[j], Kernel.gaussian(1))) * 2);
            }
        }
        Arrays.sort(distances);
        double median = (distances[389] + distances[390]) / 2;
        assertThat(MedianHeuristic.width(1, Observations.of(x))).isCloseTo(median, within(1e-12));
        Observations first = Observations.of(x).part(0, 17);
        Observations second = Observations.of(x).part(17, 23);
        assertThat(MedianHeuristic.width(2, first, second)).isCloseTo(median, within(1e-12));
        Observations many = Observations.of(Loops.normal(random, 3000, 1));
        double drawn = MedianHeuristic.width(7, many);
        assertThat(drawn).isEqualTo(MedianHeuristic.width(7, many)).isNotEqualTo(MedianHeuristic.width(8, many));
        assertThat(drawn).as("seed " + SEED).isCloseTo(0.954, within(0.1)); // of |N(0, 2)|: sqrt(2) 0.6745
    }
}
