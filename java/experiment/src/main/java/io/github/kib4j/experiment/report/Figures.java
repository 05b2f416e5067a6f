package io.github.kib4j.experiment.report;

import java.util.Locale;

/** Numbers as readers want them; a dash where there is none. */
final class Figures {
    static final String NONE = "–";

    private Figures() {}

    /** Returns a number in a format of {@link String#format}, with a minus as long as a plus. */
    static String decimal(String format, double value) {
        return Double.isNaN(value)
                ? NONE
                : String.format(Locale.ROOT, format, value).replace('-', '−');
    }

    /** Returns an accuracy or a difference of two, in percent. */
    static String percent(double value) {
        return decimal("%.2f", value);
    }

    static String signed(double value) {
        return decimal("%+.2f", value);
    }

    static String duration(double seconds) {
        if (!Double.isFinite(seconds)) {
            return NONE;
        }
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }

    /** Returns an end of a scale, with as many digits as tell it from the other. */
    static String end(double value, double[] range) {
        double span = range[1] - range[0];
        int digits = (int) Math.max(span >= 100 ? 0 : 2, 1 + Math.ceil(-Math.log10(span)));
        return decimal(digits > 6 ? "%.2e" : "%." + digits + "f", value);
    }

    /** Returns a probability in percent, never rounded up to certainty. */
    static String probability(double p) {
        return p < 1e-3 ? "< 0.1 %" : decimal("%.1f %%", Math.floor(1000 * p) / 10);
    }
}
