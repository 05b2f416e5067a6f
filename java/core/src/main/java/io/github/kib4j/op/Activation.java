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
}
