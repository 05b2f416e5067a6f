package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Tests whether two samples, {@code m} of {@code x} and {@code n} of {@code y}, are of one distribution (docs/mathematics.md, section 12.3).
 * Samples must be independent draws. All take {@code O((m+n)^2)} work, and keep no matrix.
 */
public final class TwoSamples {
    /** The most numbers of draws that lie on a device at a time. */
    private static final int MOST_NUMBERS = 1 << 24;

    private TwoSamples() {}

    /**
     * {@return the test of the biased MMD with a gamma distribution of the mean and variance that it has where both are of one distribution}
     * (Gretton, Fukumizu, Harchaoui and Sriperumbudur, "A fast, consistent kernel two-sample test", NeurIPS 2009, with
     * moments of the pooled sample, of any {@code m} and {@code n}: docs/mathematics.md, equation 12.12.) It draws nothing; its level
     * is right for many samples, and an approximation for few.
     *
     * @param device computes it
     * @param x one sample
     * @param y the other; both together 4 or more
     * @param kernel compares two of either
     * @throws RefusedException as by {@link Discrepancy#of}
     */
    public static TestResult gamma(Device device, Observations x, Observations y, Kernel kernel) {
        Discrepancy.MMD.check(x, y);
        if (x.count() + y.count() < 4) {
            throw new RefusedException(
                    "The gamma approximation needs at least 4 samples of both together, but there are " + x.count()
                            + " of x and " + y.count() + " of y.");
        }
        double m = x.count();
        double n = y.count();
        PairSums pooled = PooledSums.pooled(device, PooledSums.together(x, y, kernel), kernel, true);
        double parts = 1 / m + 1 / n;
        double mean = parts * Independence.spread(pooled, 0);
        double variance =
                2 * (parts * parts - 1 / (m * m * m) - 1 / (n * n * n)) * Estimator.UNBIASED.ofItself(pooled, 0);
        double value = Discrepancy.MMD.of(device, x, y, kernel);
        boolean isConstant = !(mean > 0 && variance > 0);
        return new TestResult(
                value,
                isConstant ? 1 : Tails.gamma(mean * mean / variance, variance / mean, value),
                "MMD, gamma approximation",
                used(x, y, kernel));
    }

    private static String used(Observations x, Observations y, Kernel kernel) {
        return "x " + x + ", y " + y + ", by " + Variable.of(x, kernel).kernelText();
    }

    /**
     * {@return the test by what the discrepancy is of the pooled samples parted anew: {@code p = (1 + #{parted anew >= observed}) / (1 +
     * P)}} It holds its level at any {@code m} and {@code n}.
     *
     * @param device computes it
     * @param discrepancy biased or unbiased
     * @param x one sample
     * @param y the other
     * @param kernel compares two of either
     * @param permutations {@code P}; for a level of 0.05 at least 19
     * @param seed which permutations
     * @throws RefusedException as by {@link Discrepancy#of}, or if there is no permutation
     */
    public static TestResult permutations(
            Device device,
            Discrepancy discrepancy,
            Observations x,
            Observations y,
            Kernel kernel,
            int permutations,
            long seed) {
        int all = x.count() + y.count();
        return test(device, discrepancy, x, y, kernel, permutations, seed, "permutations", (random, signs) -> {
            int[] order = Draws.permutation(random, all);
            for (int i = 0; i < all; i++) {
                signs[order[i]] = i < x.count() ? 1 : -1;
            }
        });
    }

    /**
     * {@return the test by a wild bootstrap: each {@code x_i} and {@code y_i} stay or change places, which changes nothing where both are of
     * one distribution} (Fromont, Laurent, Lerasle and Reynaud-Bouret, "Kernels based tests with non-asymptotic bootstrap approaches for
     * two-sample problems", COLT 2012.) It holds its level at any {@code n}. {@code x_i} and {@code y_i} may depend on each other, as two
     * measurements of one thing do.
     *
     * @param device computes it
     * @param discrepancy biased or unbiased
     * @param x one sample
     * @param y the other, of as many
     * @param kernel compares two of either
     * @param draws how many times; for a level of 0.05 at least 19
     * @param seed which change places
     * @throws RefusedException as by {@link Discrepancy#of}, or if there is no draw, or the samples are not as many
     */
    public static TestResult wildBootstrap(
            Device device,
            Discrepancy discrepancy,
            Observations x,
            Observations y,
            Kernel kernel,
            int draws,
            long seed) {
        int n = x.count();
        if (y.count() != n) {
            throw new RefusedException("The wild bootstrap of two samples exchanges pairs, but there are " + n
                    + " of x and " + y.count() + " of y; take permutations.");
        }
        return test(device, discrepancy, x, y, kernel, draws, seed, "wild bootstrap", (random, signs) -> {
            for (int i = 0; i < n; i++) {
                signs[i] = random.nextBoolean() ? 1 : -1;
                signs[n + i] = -signs[i];
            }
        });
    }

    /** Parts pooled samples anew: 1 for those that are of x, -1 for the others. */
    private interface Parting {
        void draw(Random random, int[] signs);
    }

    private static TestResult test(
            Device device,
            Discrepancy discrepancy,
            Observations x,
            Observations y,
            Kernel kernel,
            int draws,
            long seed,
            String method,
            Parting parting) {
        discrepancy.check(x, y);
        if (draws < 1) {
            throw new RefusedException("The number of draws is " + draws
                    + ", but a test needs at least 1, and for a level of 0.05 19 or more.");
        }
        Observations z = PooledSums.together(x, y, kernel);
        int all = z.count();
        try (TilePairs pairs = new TilePairs(device, List.of(Variable.of(z, kernel)), false, "the samples")) {
            PairSums sums = pairs.sums(true);
            Random random = new Random(seed);
            double[] values = new double[draws + 1];
            int most = Math.max(1, MOST_NUMBERS / all);
            for (int first = 0; first < values.length; first += most) {
                int length = Math.min(most, values.length - first);
                int[][] signs = new int[length][all];
                float[] weights = new float[all * length];
                for (int p = 0; p < length; p++) {
                    if (first + p == 0) {
                        for (int i = 0; i < all; i++) {
                            signs[p][i] = i < x.count() ? 1 : -1;
                        }
                    } else {
                        parting.draw(random, signs[p]);
                    }
                    for (int i = 0; i < all; i++) {
                        weights[i * length + p] = signs[p][i];
                    }
                }
                double[] forms = pairs.forms(new double[all], weights, false);
                for (int p = 0; p < length; p++) {
                    values[first + p] = discrepancy.of(parted(sums, x.count(), signs[p], forms[p]));
                }
            }
            double observed = values[0];
            double[] drawn = Arrays.copyOfRange(values, 1, values.length);
            double rounding = Math.sqrt(Estimator.BIASED.ofItself(sums, 0)) * (1.0 / x.count() + 1.0 / y.count());
            return new TestResult(
                    observed,
                    Tails.draws(observed, drawn, rounding),
                    discrepancy + ", " + method,
                    used(x, y, kernel) + ", " + draws + " draws of seed " + seed);
        }
    }

    /**
     * Returns the sums of samples parted by signs, from {@code form = sum_{i != j} s_i s_j K_ij = xx + yy - 2 xy} and what does not depend
     * on the parting.
     */
    private static PooledSums parted(PairSums sums, int m, int[] signs, double form) {
        double[] rows = sums.rows()[0];
        double[] diagonal = sums.diagonals()[0];
        double rowsOfX = 0;
        double rowsOfY = 0;
        double diagonalOfX = 0;
        double diagonalOfY = 0;
        for (int i = 0; i < signs.length; i++) {
            if (signs[i] > 0) {
                rowsOfX += rows[i];
                diagonalOfX += diagonal[i];
            } else {
                rowsOfY += rows[i];
                diagonalOfY += diagonal[i];
            }
        }
        double xy = (rowsOfX + rowsOfY - form) / 4;
        return new PooledSums(m, signs.length - m, rowsOfX - xy, rowsOfY - xy, xy, diagonalOfX, diagonalOfY);
    }
}
