package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.List;

/**
 * How different the distributions of two samples are: the squared maximum mean discrepancy (Gretton et al., "A kernel two-sample test",
 * JMLR 13, 2012) of {@code m} samples {@code x} and {@code n} samples {@code y}, which are not paired (docs/mathematics.md, equations
 * 12.7 and 12.8). Both are symmetric in the two samples.
 */
public enum Discrepancy {
    /** {@code mean_ij k(x_i,x_j) + mean_ij k(y_i,y_j) - 2 mean_ij k(x_i,y_j)}, at least 0 (there equation 5). */
    MMD("MMD", 1) {
        @Override
        double pairs(int count) {
            return 1.0 / count / count;
        }

        @Override
        double diagonal(int count) {
            return 1.0 / count / count;
        }
    },
    /** The same without pairs of a sample with itself, unbiased, may be negative (there equation 3). 2 samples or more of each. */
    MMD_UNBIASED("The unbiased MMD", 2) {
        @Override
        double pairs(int count) {
            return 1.0 / count / (count - 1);
        }

        @Override
        double diagonal(int count) {
            return 0;
        }
    };

    private final String title;
    private final int leastCount;

    Discrepancy(String title, int leastCount) {
        this.title = title;
        this.leastCount = leastCount;
    }

    /** Returns the weight of a pair of a sample. */
    abstract double pairs(int count);

    /** Returns the weight of a pair of a sample's member with itself. */
    abstract double diagonal(int count);

    /**
     * {@return the squared discrepancy}
     *
     * @param device computes it
     * @param x one sample
     * @param y the other, of as many numbers in each
     * @param kernel compares two of either; the same width for all of them, as {@link MedianHeuristic#kernel} has of both
     * @throws RefusedException if there are too few samples, or of different lengths, or a number is not finite or too large
     */
    public double of(Device device, Observations x, Observations y, Kernel kernel) {
        check(x, y);
        return of(PooledSums.of(device, x, y, kernel));
    }

    void check(Observations x, Observations y) {
        if (x.count() < leastCount || y.count() < leastCount) {
            throw new RefusedException(title + " needs at least " + leastCount + " samples of each, but there are "
                    + x.count() + " of x and " + y.count() + " of y.");
        }
        if (x.width() != y.width()) {
            throw new RefusedException("Samples of x have " + x.width() + " numbers, those of y " + y.width()
                    + "; two samples to be compared must have as many.");
        }
    }

    double of(PooledSums sums) {
        double value = pairs(sums.m()) * sums.xx()
                + diagonal(sums.m()) * sums.xDiagonal()
                + pairs(sums.n()) * sums.yy()
                + diagonal(sums.n()) * sums.yDiagonal()
                - 2 * sums.xy() / sums.m() / sums.n();
        return this == MMD ? Math.max(0, value) : value;
    }

    /**
     * {@return the squared discrepancy, and its gradient with respect to {@code x}} With respect to {@code y}: exchange both.
     *
     * @param device computes it
     * @param x one sample
     * @param y the other, of as many numbers in each
     * @param kernel compares two of either, with widths that are taken as constants; any but delta
     * @throws RefusedException as by {@link #of}, or if the kernel is delta
     */
    public Gradient gradient(Device device, Observations x, Observations y, Kernel kernel) {
        check(x, y);
        Variable pooled = Variable.of(PooledSums.together(x, y, kernel), kernel).differentiable("x");
        double value = of(device, x, y, kernel);
        int m = x.count();
        int n = y.count();
        // The weights of pairs, a of x, b of y and c between them, as p s_i s_j + w_i + w_j with s = 1 of x and -1 of
        // y.
        double a = pairs(m);
        double b = pairs(n);
        double c = -1.0 / m / n;
        double p = ((a + b) / 2 - c) / 2;
        double[] rows = new double[m + n];
        double[] diagonal = new double[m + n];
        float[] signs = new float[m + n];
        for (int i = 0; i < m + n; i++) {
            rows[i] = (i < m ? a : b) - p;
            diagonal[i] = diagonal(i < m ? m : n);
            signs[i] = i < m ? 1 : -1;
        }
        Variable sign = Variable.of(Observations.of(signs, m + n, 1), Kernel.LINEAR);
        try (Pairs pairs = PairMethods.of(device, List.of(pooled, sign), false, "the samples", "signs")) {
            pairs.sums(false);
            double[] dz = pairs.gradient(new Slope(value, p, 0, rows, diagonal));
            return Gradient.of(value, Arrays.copyOf(dz, m * x.width()), 0, m, x.width());
        }
    }

    /** Returns what it is called at the beginning of a sentence. */
    String title() {
        return title;
    }
}
