package io.github.kib4j.dependence;

/** Upper tails of distributions. */
final class Tails {
    private static final int MOST_TERMS = 100_000;

    private Tails() {}

    /**
     * Returns {@code P(Z >= z)} of a gamma distribution of this shape and scale: by the series of the lower part where {@code z} is small,
     * by the continued fraction of the upper one elsewhere (Abramowitz and Stegun, 6.5.29 and 6.5.31).
     */
    static double gamma(double shape, double scale, double z) {
        double x = z / scale;
        if (!(x > 0)) {
            return 1;
        }
        double front = Math.exp(shape * Math.log(x) - x - logGamma(shape));
        if (x < shape + 1) {
            double term = 1 / shape;
            double sum = term;
            for (int n = 1; n < MOST_TERMS && term > sum * 1e-17; n++) {
                term *= x / (shape + n);
                sum += term;
            }
            return Math.max(0, 1 - front * sum);
        }
        // Lentz's way through the continued fraction.
        double tiny = 1e-300;
        double b = x + 1 - shape;
        double c = 1 / tiny;
        double d = 1 / b;
        double fraction = d;
        for (int n = 1; n < MOST_TERMS; n++) {
            double a = -n * (n - shape);
            b += 2;
            d = 1 / orTiny(a * d + b, tiny);
            c = orTiny(b + a / c, tiny);
            fraction *= d * c;
            if (Math.abs(d * c - 1) < 1e-16) {
                break;
            }
        }
        return front * fraction;
    }

    private static double orTiny(double value, double tiny) {
        return Math.abs(value) < tiny ? tiny : value;
    }

    /** Returns {@code log Gamma(x)} of {@code x > 0}: Stirling's series after shifting the argument above 15. */
    static double logGamma(double x) {
        double shift = 0;
        double at = x;
        while (at < 15) {
            shift += Math.log(at);
            at++;
        }
        double r = 1 / (at * at);
        double series =
                (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188 - r * 691 / 360360)))))
                        / at;
        return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
    }

    /** Returns {@code P(Z >= z)} of a standard normal distribution: half the tail of {@code Z^2}, which is gamma distributed. */
    static double normal(double z) {
        double half = gamma(0.5, 2, z * z) / 2;
        return z >= 0 ? half : 1 - half;
    }

    /** Returns {@code (1 + #{draws >= observed}) / (1 + draws)}, where what rounding alone makes smaller counts as equal. */
    static double draws(double observed, double[] draws, double scale) {
        double rounding = 1e-6 * Math.abs(scale);
        int atLeast = 0;
        for (double draw : draws) {
            if (draw >= observed - rounding) {
                atLeast++;
            }
        }
        return (1.0 + atLeast) / (1.0 + draws.length);
    }
}
