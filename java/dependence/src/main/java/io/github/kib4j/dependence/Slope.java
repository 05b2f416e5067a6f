package io.github.kib4j.dependence;

/**
 * A function of {@link PairSums}, and its derivatives with respect to those of the first variable. That with respect to {@code K_ij},
 * {@code i != j}, of that variable is then {@code product prod_b L^b_ij + 2 square K_ij + (rows[i] + rows[j]) / 2}, and with respect to
 * {@code K_ii} it is {@code diagonal[i]}.
 *
 * @param value the function
 * @param product its derivative with respect to the sum of products
 * @param square with respect to the sum of squares
 * @param rows with respect to the sums of rows
 * @param diagonal with respect to the diagonal
 */
record Slope(double value, double product, double square, double[] rows, double[] diagonal) {
    /** Returns {@code factor (this + share other)}, whose value is {@code newValue}. */
    Slope plus(double share, Slope other, double factor, double newValue) {
        double[] bothRows = new double[rows.length];
        double[] bothDiagonals = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            bothRows[i] = factor * (rows[i] + share * other.rows[i]);
            bothDiagonals[i] = factor * (diagonal[i] + share * other.diagonal[i]);
        }
        return new Slope(
                newValue,
                factor * (product + share * other.product),
                factor * (square + share * other.square),
                bothRows,
                bothDiagonals);
    }
}
