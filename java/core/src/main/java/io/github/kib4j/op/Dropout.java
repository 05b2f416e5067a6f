package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;

/**
 * Dropout of what a layer passes on. An element is dropped where its random word is below {@code rate 2^32}
 * ({@link Philox}, purpose {@link Philox#DROPOUT}, element {@code b N + k} in {@code C,H,W} order).
 *
 * <p>Plain: kept values are divided by {@code 1 - rate}, dropped ones are 0. Alpha dropout (for SELU): dropped values become
 * {@code -lambda alpha}, then all go through the affine map that keeps mean 0 and variance 1, as PyTorch's.
 *
 * @param rate probability of being dropped, in [0, 1)
 * @param alpha whether it is alpha dropout
 */
public record Dropout(double rate, boolean alpha) {
    /** No dropout. */
    public static final Dropout NONE = new Dropout(0, false);

    /**
     * Checks the rate.
     *
     * @param rate probability of being dropped, in [0, 1)
     * @param alpha whether it is alpha dropout
     */
    public Dropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new RefusedException("The dropout rate must be at least 0 and below 1, but is " + rate + ".");
        }
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        return Signature.EMPTY.with("rate", rate).with("alpha", alpha);
    }

    /**
     * {@return the dropout whose signature this is}
     *
     * @param signature of one
     */
    public static Dropout of(Signature signature) {
        return new Dropout(Double.parseDouble(signature.value("rate")), Boolean.parseBoolean(signature.value("alpha")));
    }

    /** {@return whether nothing is ever dropped} */
    public boolean isNone() {
        return rate == 0;
    }

    /** {@return the random word below which an element is dropped: {@code floor(rate 2^32)}, as an unsigned integer} */
    public int threshold() {
        return (int) (long) (rate * 0x1p32);
    }

    /** {@return the factor of kept elements} */
    public double keptScale() {
        double saturation = Activation.SELU_LAMBDA * Activation.SELU_ALPHA;
        return alpha ? 1 / Math.sqrt((1 - rate) * (1 + rate * saturation * saturation)) : 1 / (1 - rate);
    }

    /** {@return what is added to kept elements after the factor} */
    public double keptShift() {
        return alpha ? keptScale() * Activation.SELU_LAMBDA * Activation.SELU_ALPHA * rate : 0;
    }

    /** {@return the value of dropped elements} */
    public double droppedValue() {
        return alpha ? keptShift() - keptScale() * Activation.SELU_LAMBDA * Activation.SELU_ALPHA : 0;
    }
}
