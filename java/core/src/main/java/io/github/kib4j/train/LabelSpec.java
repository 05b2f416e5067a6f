package io.github.kib4j.train;

import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;

/**
 * What training makes of class labels. Evaluation takes them as they are.
 *
 * @param smoothing of the shares that cross-entropy compares with: {@code q = (1 - smoothing) p + smoothing / M} (docs/mathematics.md,
 *     section 7.5)
 * @param mixup {@code alpha} of the distribution {@code Beta(alpha, alpha)} of the part that a mixed image has of its own (section 7.6); 0
 *     where images are not mixed
 * @param weights of classes in the readout's cross-entropy (section 7.7)
 */
public record LabelSpec(double smoothing, double mixup, ClassWeights weights) {
    /** Labels as they are. */
    public static final LabelSpec PLAIN = new LabelSpec(0, 0, ClassWeights.NONE);

    /** Below the one all parts are 0 or 1, beyond the other a half. */
    private static final double LEAST_MIXUP = 1e-6;

    private static final double MOST_MIXUP = 1e6;

    /**
     * Checks the numbers.
     *
     * @param smoothing from 0 to below 1
     * @param mixup 0, or from a millionth to a million
     * @param weights of classes
     */
    public LabelSpec {
        if (!(smoothing >= 0 && smoothing < 1)) {
            throw new RefusedException("Label smoothing must be from 0 to below 1, but is " + smoothing + ".");
        }
        if (mixup != 0 && !(mixup >= LEAST_MIXUP && mixup <= MOST_MIXUP)) {
            throw new RefusedException(
                    "Mixup's alpha must be 0, for none, or from a millionth to a million, but is " + mixup + ".");
        }
    }

    /**
     * Creates labels without weights of classes.
     *
     * @param smoothing from 0 to below 1
     * @param mixup 0, or from a millionth to a million
     */
    public LabelSpec(double smoothing, double mixup) {
        this(smoothing, mixup, ClassWeights.NONE);
    }

    /** {@return whether images are mixed} */
    public boolean mixes() {
        return mixup > 0;
    }

    /** {@return all that decides bits} */
    Signature signature() {
        return Signature.EMPTY
                .with("smoothing", smoothing == 0 ? null : smoothing)
                .with("mixup", mixup == 0 ? null : mixup)
                .with("weights", weights.isNone() ? null : weights);
    }
}
