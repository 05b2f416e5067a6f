package io.github.kib4j.op;

/** Elementwise nonlinearities {@code f}. */
public enum Activation {
    /** {@code f(a) = a}. */
    IDENTITY,
    /** {@code f(a) = max(a, 0)}; {@code f'(0) = 0}. */
    RELU,
    /** {@code f(a) = a} where {@code a > 0}, else {@code 0.01 a}; {@code f'(0) = 0.01}. */
    LEAKY_RELU,
    /** {@code f(a) = lambda a} where {@code a > 0}, else {@code lambda alpha (exp(a) - 1)} (Klambauer et al., 2017). */
    SELU;

    /** Slope of {@link #LEAKY_RELU} below zero. */
    public static final double LEAKY_SLOPE = 0.01;
    /** {@code lambda} of {@link #SELU}. */
    public static final double SELU_LAMBDA = 1.0507009873554804934193349852946;
    /** {@code alpha} of {@link #SELU}. */
    public static final double SELU_ALPHA = 1.6732632423543772848170429916717;

    /**
     * {@return {@code f(a)}; of NaN, NaN}
     *
     * @param a pre-activation
     */
    public double of(double a) {
        return switch (this) {
            case IDENTITY -> a;
            case RELU -> a > 0 || Double.isNaN(a) ? a : 0;
            case LEAKY_RELU -> a > 0 ? a : LEAKY_SLOPE * a;
            case SELU -> SELU_LAMBDA * (a > 0 ? a : SELU_ALPHA * Math.expm1(a));
        };
    }

    /**
     * {@return {@code f'(a)}, as activity and sign tell it}
     *
     * @param z {@code f(a)}
     * @param positive whether {@code a > 0}
     */
    public double slope(double z, boolean positive) {
        return switch (this) {
            case IDENTITY -> 1;
            case RELU -> positive ? 1 : 0;
            case LEAKY_RELU -> positive ? 1 : LEAKY_SLOPE;
            case SELU -> positive ? SELU_LAMBDA : z + SELU_LAMBDA * SELU_ALPHA;
        };
    }
}
