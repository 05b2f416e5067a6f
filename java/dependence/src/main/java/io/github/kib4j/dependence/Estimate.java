package io.github.kib4j.dependence;

/**
 * A number that is known up to an error.
 *
 * @param value the number
 * @param error its standard error
 * @param repeats of how many independent values it is the mean
 */
public record Estimate(double value, double error, int repeats) {
    /** Returns the mean of values and its standard error. */
    static Estimate of(double[] values) {
        double mean = PairSums.sum(values) / values.length;
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return new Estimate(mean, Math.sqrt(squares / (values.length - 1) / values.length), values.length);
    }

    /**
     * {@return how often a number whose mean is 0, with this error and normal, is as large or larger} For averages of blocks of unbiased
     * estimates it is the p-value of a test; with few blocks an approximation. 1 where nothing differs from 0.
     */
    public double pValue() {
        if (error == 0) {
            return value > 0 ? 0 : 1;
        }
        return Tails.normal(value / error);
    }
}
