package io.github.kib4j.dependence;

import io.github.kib4j.tensor.RefusedException;

/**
 * Sums over pairs of samples of one variable or several, from which every measure follows (docs/mathematics.md, section 12.1).
 *
 * @param product {@code sum_{i != j} prod_a K^a_ij}
 * @param squares {@code sum_{i != j} (K^a_ij)^2}, an entry for each variable
 * @param rows {@code sum_{j != i} K^a_ij}, a row for each variable
 * @param diagonals {@code K^a_ii}, a row for each variable
 */
record PairSums(double product, double[] squares, double[][] rows, double[][] diagonals) {
    /** Returns how many samples there are. */
    int count() {
        return rows[0].length;
    }

    /** Returns {@code sum_j K^a_ij}, of all {@code j}. */
    double[] wholeRows(int a) {
        double[] whole = rows[a].clone();
        for (int i = 0; i < whole.length; i++) {
            whole[i] += diagonals[a][i];
        }
        return whole;
    }

    /** Returns itself, if all is finite: what was read of a tensor was not looked at, and products may be too large. */
    PairSums finite(String... names) {
        boolean isFinite = Double.isFinite(product);
        for (int a = 0; a < rows.length; a++) {
            double sum = squares[a] + sum(rows[a]) + sum(diagonals[a]);
            if (!Double.isFinite(sum)) {
                throw notFinite(names[a]);
            }
        }
        if (!isFinite) {
            throw notFinite(String.join(" and ", names));
        }
        return this;
    }

    private static RefusedException notFinite(String name) {
        return new RefusedException(
                "The similarities of " + name + " are not finite: a number of it is not, or is too large for"
                        + " single precision; scale it, or remove the sample.");
    }

    static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
