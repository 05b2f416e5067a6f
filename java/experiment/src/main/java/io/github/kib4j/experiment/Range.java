package io.github.kib4j.experiment;

import java.math.BigDecimal;

/**
 * The values that a setting may have.
 *
 * @param least the least value
 * @param most the greatest value
 * @param above whether {@code least} itself is excluded
 * @param below whether {@code most} itself is excluded
 * @param reason why not others, as the end of a sentence; empty where that is plain
 */
record Range(double least, double most, boolean above, boolean below, String reason) {
    /** Largest learning rate or decay: beyond it single precision has no numbers. */
    private static final double HUGE = 1e30;

    static final int MOST_UNITS = 1 << 24;

    static final Range ANY = new Range(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, false, false, "");
    static final Range COUNT = between(0, Integer.MAX_VALUE);
    static final Range RATE = between(0, HUGE);
    static final Range UNITS = between(1, MOST_UNITS);
    static final Range EPOCHS = between(1, 1_000_000);
    static final Range FRACTION = new Range(0, 1, false, true, "");
    static final Range SAMPLES = between(1, Integer.MAX_VALUE);

    static Range between(double least, double most) {
        return new Range(least, most, false, false, "");
    }

    static Range above(double least, double most) {
        return new Range(least, most, true, false, "");
    }

    boolean contains(double value) {
        return value >= least && value <= most && !(above && value == least) && !(below && value == most);
    }

    /** Returns the end of {@code --NAME must be a number ...}. */
    String words() {
        if (Double.isInfinite(most)) {
            return "";
        }
        String limits = above || below
                ? (above ? " above " : " of at least ")
                        + plain(least)
                        + (below ? " and below " : " and at most ")
                        + plain(most)
                : " from " + plain(least) + " to " + plain(most);
        return limits + (reason.isEmpty() ? "" : " (" + reason + ")");
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e10
                ? BigDecimal.valueOf((long) value).toPlainString()
                : Double.toString(value);
    }
}
