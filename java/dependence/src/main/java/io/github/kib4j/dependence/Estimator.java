package io.github.kib4j.dependence;

/** Estimators of HSIC that are bilinear in the two Gram matrices, from sums over pairs (docs/mathematics.md, equations 12.1 to 12.3). */
enum Estimator {
    /** {@code tr(K H L H) / n^2}. */
    BIASED(2) {
        @Override
        double of(double product, double[] k, double[] kd, double[] l, double[] ld) {
            int n = k.length;
            double total = product;
            double meanK = 0;
            double meanL = 0;
            for (int i = 0; i < n; i++) {
                total += kd[i] * ld[i];
                meanK += (k[i] + kd[i]) / n;
                meanL += (l[i] + ld[i]) / n;
            }
            meanK /= n;
            meanL /= n;
            double rows = 0;
            for (int i = 0; i < n; i++) {
                rows += ((k[i] + kd[i]) / n - meanK) * ((l[i] + ld[i]) / n - meanL);
            }
            return Math.max(0, total / n / n - meanK * meanL - 2 * rows / n);
        }

        @Override
        Slope slope(double value, double[] l, double[] ld) {
            int n = l.length;
            double squared = (double) n * n;
            double mean = (PairSums.sum(l) + PairSums.sum(ld)) / squared;
            double[] rows = new double[n];
            double[] diagonal = new double[n];
            for (int i = 0; i < n; i++) {
                rows[i] = (mean - 2 * (l[i] + ld[i]) / n) / squared;
                diagonal[i] = ld[i] / squared + rows[i];
            }
            return new Slope(value, 1 / squared, 0, rows, diagonal);
        }
    },
    /** Without diagonals: Song et al., 2012. */
    UNBIASED(4) {
        @Override
        double of(double product, double[] k, double[] kd, double[] l, double[] ld) {
            double n = k.length;
            // Less the mean of pairs, which changes nothing.
            double meanK = PairSums.sum(k) / (n * (n - 1));
            double meanL = PairSums.sum(l) / (n * (n - 1));
            double rows = 0;
            for (int i = 0; i < n; i++) {
                rows += (k[i] - (n - 1) * meanK) * (l[i] - (n - 1) * meanL);
            }
            return (product - n * (n - 1) * meanK * meanL - 2 / (n - 2) * rows) / (n * (n - 3));
        }

        @Override
        Slope slope(double value, double[] l, double[] ld) {
            int n = l.length;
            double factor = 1.0 / n / (n - 3);
            double all = PairSums.sum(l) / (n - 1) / (n - 2);
            double[] rows = new double[n];
            for (int i = 0; i < n; i++) {
                rows[i] = factor * (all - 2 * l[i] / (n - 2));
            }
            return new Slope(value, factor, 0, rows, new double[n]);
        }
    },
    /** {@code mean_ij (K_ij - mean(K)) L_ij}. */
    PLAUSIBLE(2) {
        @Override
        double of(double product, double[] k, double[] kd, double[] l, double[] ld) {
            double n = k.length;
            double total = product;
            for (int i = 0; i < n; i++) {
                total += kd[i] * ld[i];
            }
            double meanK = (PairSums.sum(k) + PairSums.sum(kd)) / n / n;
            double meanL = (PairSums.sum(l) + PairSums.sum(ld)) / n / n;
            return total / n / n - meanK * meanL;
        }

        @Override
        Slope slope(double value, double[] l, double[] ld) {
            int n = l.length;
            double squared = (double) n * n;
            double mean = (PairSums.sum(l) + PairSums.sum(ld)) / squared;
            double[] rows = new double[n];
            double[] diagonal = new double[n];
            for (int i = 0; i < n; i++) {
                rows[i] = -mean / squared;
                diagonal[i] = (ld[i] - mean) / squared;
            }
            return new Slope(value, 1 / squared, 0, rows, diagonal);
        }
    };

    /** How small against the mean square of a Gram matrix what is left of it after centring is rounding. */
    private static final double ROUNDING = 1e-13;

    private final int leastCount;

    Estimator(int leastCount) {
        this.leastCount = leastCount;
    }

    /** Returns how many samples it needs. */
    int leastCount() {
        return leastCount;
    }

    /**
     * Returns the estimate.
     *
     * @param product {@code sum_{i != j} K_ij L_ij}
     * @param k {@code sum_{j != i} K_ij}
     * @param kd {@code K_ii}
     * @param l {@code sum_{j != i} L_ij}
     * @param ld {@code L_ii}
     */
    abstract double of(double product, double[] k, double[] kd, double[] l, double[] ld);

    /** Returns the derivatives of the estimate, which is {@code value}, with respect to the sums of the first matrix. */
    abstract Slope slope(double value, double[] l, double[] ld);

    /** Returns the estimate of variables 0 and 1. */
    double of(PairSums sums) {
        return of(sums.product(), sums.rows()[0], sums.diagonals()[0], sums.rows()[1], sums.diagonals()[1]);
    }

    Slope slope(PairSums sums) {
        return slope(of(sums), sums.rows()[1], sums.diagonals()[1]);
    }

    /** Returns the estimate of variable {@code a} with itself; 0 where its samples are all alike, up to rounding. */
    double ofItself(PairSums sums, int a) {
        double[] rows = sums.rows()[a];
        double[] diagonal = sums.diagonals()[a];
        double squares = sums.squares()[a];
        for (double entry : diagonal) {
            squares += entry * entry;
        }
        double value = of(sums.squares()[a], rows, diagonal, rows, diagonal);
        double n = rows.length;
        return value <= ROUNDING * squares / n / n ? 0 : value;
    }

    /** Returns the derivatives of the estimate of variable 0 with itself. */
    Slope slopeOfItself(PairSums sums) {
        Slope half = slope(ofItself(sums, 0), sums.rows()[0], sums.diagonals()[0]);
        Slope both = half.plus(1, half, 1, half.value());
        return new Slope(half.value(), 0, half.product(), both.rows(), both.diagonal());
    }
}
