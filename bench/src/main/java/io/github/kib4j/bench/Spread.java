package io.github.kib4j.bench;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** Least, median and greatest of several measurements of one quantity. */
public record Spread(double least, double median, double greatest) {
    /**
     * {@return the spread of at least one value; the median of an even number is the mean of the middle two}
     *
     * @param values what was measured
     */
    public static Spread of(Collection<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("There is nothing to take the median of.");
        }
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        int n = sorted.length;
        return new Spread(sorted[0], (sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[n - 1]);
    }

    /**
     * {@return {@code median (least to greatest)} with this many decimals}
     *
     * @param decimals digits after the point
     */
    public String text(int decimals) {
        String number = "%,." + decimals + "f";
        return String.format(Locale.ROOT, number + " (" + number + " to " + number + ")", median, least, greatest);
    }
}
