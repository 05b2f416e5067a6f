package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Tests whether variables are independent, of {@code n} paired samples (docs/mathematics.md, section 12.3). Samples must be
 * independent draws, but for {@link #wildBootstrap} with a memory. All take {@code O(n^2)} work, also with linear kernels.
 */
public final class Independence {
    /** The most numbers of permutations that lie on a device at a time. */
    private static final int MOST_NUMBERS = 1 << 24;

    private Independence() {}

    /**
     * {@return the test of the biased HSIC with a gamma distribution of the mean and variance that HSIC has under independence} (Gretton et
     * al., "A kernel statistical test of independence", NeurIPS 2007, theorems 3 and 4; docs/mathematics.md, equations 12.10 and 12.11.) It
     * draws nothing; its level is right for many samples, and an approximation for few.
     *
     * @param device computes it
     * @param x {@code n} samples, 6 or more, and their kernel
     * @param y as many of the other variable
     * @throws RefusedException as by {@link Measure#of}
     */
    public static TestResult gamma(Device device, Variable x, Variable y) {
        List<Variable> both = List.of(x, y);
        PairMethods.check("The gamma approximation", 6, both, "x", "y");
        PairSums sums;
        try (TilePairs pairs = new TilePairs(device, both, true, "x", "y")) {
            sums = pairs.sums(false);
        }
        double n = sums.count();
        double[] centring = centring(sums);
        double squares;
        try (TilePairs pairs = new TilePairs(device, List.of(x, x, y, y), true, "x", "x", "y", "y")) {
            double[] twice = new double[2 * centring.length];
            for (int a = 0; a < 4; a++) {
                System.arraycopy(centring, a / 2 * sums.count(), twice, a * sums.count(), sums.count());
            }
            float[] ones = new float[sums.count()];
            Arrays.fill(ones, 1);
            squares = pairs.forms(twice, ones, false)[0];
        }
        double hsic = Estimator.BIASED.of(sums);
        double mean = spread(sums, 0) * spread(sums, 1) / n;
        double variance = 2 * (n - 4) * (n - 5) / (n * (n - 1) * (n - 2) * (n - 3)) * squares / (n * (n - 1));
        boolean isConstant = !(mean > 0 && variance > 0);
        double p = isConstant ? 1 : Tails.gamma(mean * mean / variance, variance / mean, hsic);
        return new TestResult(hsic, p, "HSIC, gamma approximation", used(x, y));
    }

    /** Returns {@code mean_i K_ii - mean_{i != j} K_ij}, which is a variable's total variance in the kernel's space. */
    static double spread(PairSums sums, int a) {
        double n = sums.count();
        return PairSums.sum(sums.diagonals()[a]) / n - PairSums.sum(sums.rows()[a]) / n / (n - 1);
    }

    /** Returns {@code mean_j K_ij - mean(K)/2} of both variables, one behind the other. */
    private static double[] centring(PairSums sums) {
        int n = sums.count();
        double[] shifts = new double[2 * n];
        for (int a = 0; a < 2; a++) {
            double[] rows = sums.wholeRows(a);
            double mean = PairSums.sum(rows) / n / n;
            for (int i = 0; i < n; i++) {
                shifts[a * n + i] = rows[i] / n - mean / 2;
            }
        }
        return shifts;
    }

    private static String used(Variable x, Variable y) {
        return "x " + x + ", y " + y;
    }

    private static String used(Variable x, Variable y, int draws, long seed) {
        return used(x, y) + ", " + draws + " draws of seed " + seed;
    }

    /**
     * {@return the test by what the measure is of {@code x} and permuted {@code y}: {@code p = (1 + #{permuted >= observed}) / (1 + P)}} It
     * holds its level at any {@code n}. CKA's permutations order as those of HSIC. All permutations go through the same tiles; the Gram
     * matrix of {@code y} is kept meanwhile, {@code 4 n^2} bytes.
     *
     * @param device computes it
     * @param measure any
     * @param x {@code n} samples and their kernel
     * @param y as many of the other variable
     * @param permutations {@code P}; for a level of 0.05 at least 19
     * @param seed which permutations
     * @throws RefusedException as by {@link Measure#of}, or if there is no permutation
     */
    public static TestResult permutations(
            Device device, Measure measure, Variable x, Variable y, int permutations, long seed) {
        List<Variable> both = List.of(x, y);
        Estimator estimator = measure.estimator();
        PairMethods.check(measure.title() + " with permutations", estimator.leastCount(), both, "x", "y");
        checkDraws("permutations", permutations);
        try (TilePairs pairs = new TilePairs(device, both, estimator != Estimator.PLAUSIBLE, "x", "y")) {
            PairSums sums = pairs.sums(measure.isAlignment());
            int n = sums.count();
            double scale = measure.scale(sums);
            Random random = new Random(seed);
            double[] values = new double[permutations];
            double[] l = new double[n];
            double[] ld = new double[n];
            int most = Math.max(1, MOST_NUMBERS / n);
            for (int first = 0; first < permutations; first += most) {
                int length = Math.min(most, permutations - first);
                int[] orders = new int[length * n];
                for (int p = 0; p < length; p++) {
                    System.arraycopy(Draws.permutation(random, n), 0, orders, p * n, n);
                }
                double[] products = pairs.shuffled(orders);
                for (int p = 0; p < length; p++) {
                    for (int i = 0; i < n; i++) {
                        l[i] = sums.rows()[1][orders[p * n + i]];
                        ld[i] = sums.diagonals()[1][orders[p * n + i]];
                    }
                    values[first + p] = scale * estimator.of(products[p], sums.rows()[0], sums.diagonals()[0], l, ld);
                }
            }
            double observed = scale * estimator.of(sums);
            double rounding = scale * Math.sqrt(estimator.ofItself(sums, 0)) * Math.sqrt(estimator.ofItself(sums, 1));
            return new TestResult(
                    observed,
                    Tails.draws(observed, values, rounding),
                    measure + ", permutations",
                    used(x, y, permutations, seed));
        }
    }

    private static void checkDraws(String name, int draws) {
        if (draws < 1) {
            throw new RefusedException(
                    name + " is " + draws + ", but a test needs at least 1, and for a level of 0.05 19 or more.");
        }
    }

    /**
     * {@return the test of several variables by dHSIC of which all but the first are permuted, each on its own} {@code P} passes over all
     * pairs.
     *
     * @param device computes it
     * @param variables as of {@link JointDependence#of}
     * @param permutations {@code P}; for a level of 0.05 at least 19
     * @param seed which permutations
     * @throws RefusedException as by {@link JointDependence#of}, or if there is no permutation
     */
    public static TestResult jointPermutations(Device device, List<Variable> variables, int permutations, long seed) {
        JointDependence.check(variables);
        checkDraws("permutations", permutations);
        int n = variables.get(0).observations().count();
        double observed = JointDependence.of(device, variables);
        Random random = new Random(seed);
        double[] values = new double[permutations];
        double largest = observed;
        for (int p = 0; p < permutations; p++) {
            Variable[] permuted = variables.toArray(new Variable[0]);
            for (int a = 1; a < permuted.length; a++) {
                Observations inOrder = permuted[a].observations().inOrder(Draws.permutation(random, n));
                permuted[a] = Variable.of(inOrder, permuted[a].kernel());
            }
            values[p] = JointDependence.of(device, List.of(permuted));
            largest = Math.max(largest, values[p]);
        }
        return new TestResult(
                observed,
                Tails.draws(observed, values, largest),
                "dHSIC, permutations",
                variables + ", " + permutations + " draws of seed " + seed);
    }

    /**
     * {@return the test of the biased HSIC by a wild bootstrap: {@code sum_ij w_i w_j (HKH)_ij (HLH)_ij / n^2} of random {@code w} stands for
     * what HSIC is under independence} (Chwialkowski, Sejdinovic and Gretton, "A wild bootstrap for degenerate kernel tests", NeurIPS 2014.)
     * Samples may be a stationary time series, which permutations tear apart. All draws go through the same tiles,
     * and nothing of {@code n x n} is kept.
     *
     * @param device computes it
     * @param x {@code n} samples, in the order of time, and their kernel
     * @param y as many of the other variable
     * @param draws how many {@code w}; for a level of 0.05 at least 19
     * @param memory over how many samples a series remembers, {@code l}: {@code w_t = exp(-1/l) w_{t-1} + sqrt(1 - exp(-2/l)) e_t} with
     *     normal {@code e_t}; 0 for independent draws, whose {@code w} are signs
     * @param seed which {@code w}
     * @throws RefusedException as by {@link Measure#of}, or if there is no draw, or the memory is negative
     */
    public static TestResult wildBootstrap(Device device, Variable x, Variable y, int draws, double memory, long seed) {
        List<Variable> both = List.of(x, y);
        PairMethods.check("HSIC with a wild bootstrap", 2, both, "x", "y");
        checkDraws("draws", draws);
        if (!(memory >= 0) || Double.isInfinite(memory)) {
            throw new RefusedException(
                    "memory is " + memory + ", but a series remembers a number of samples, or 0 of them.");
        }
        try (TilePairs pairs = new TilePairs(device, both, true, "x", "y")) {
            PairSums sums = pairs.sums(true);
            int n = sums.count();
            Random random = new Random(seed);
            double[] shifts = centring(sums);
            double[] values = new double[draws];
            int most = Math.max(1, MOST_NUMBERS / n);
            for (int first = 0; first < draws; first += most) {
                int length = Math.min(most, draws - first);
                float[] weights = new float[n * length];
                for (int p = 0; p < length; p++) {
                    writeWeights(random, memory, weights, p, n);
                }
                System.arraycopy(pairs.forms(shifts, weights, true), 0, values, first, length);
            }
            for (int p = 0; p < draws; p++) {
                values[p] /= (double) n * n;
            }
            double observed = Estimator.BIASED.of(sums);
            double rounding =
                    Math.sqrt(Estimator.BIASED.ofItself(sums, 0)) * Math.sqrt(Estimator.BIASED.ofItself(sums, 1));
            return new TestResult(
                    observed,
                    Tails.draws(observed, values, rounding),
                    "HSIC, wild bootstrap" + (memory == 0 ? " of signs" : " with a memory of " + memory),
                    used(x, y, draws, seed));
        }
    }

    private static void writeWeights(Random random, double memory, float[] weights, int column, int n) {
        int columns = weights.length / n;
        double keep = Math.exp(-1 / memory);
        double add = Math.sqrt(-Math.expm1(-2 / memory));
        double w = random.nextGaussian();
        for (int i = 0; i < n; i++) {
            if (memory == 0) {
                w = random.nextBoolean() ? 1 : -1;
            } else if (i > 0) {
                w = keep * w + add * random.nextGaussian();
            }
            weights[i * columns + column] = (float) w;
        }
    }
}
