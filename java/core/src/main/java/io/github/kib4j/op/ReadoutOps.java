package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a readout makes of activity: fewer features of an image, and the loss.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface ReadoutOps<R> {
    /**
     * Plans softmax cross-entropy, mean over the batch: {@code loss = mean_b (log sum_m exp(y[b,m]) - y[b,label_b])} and
     * {@code dy = (softmax(y) - onehot) / B}. The meter's slot gets {@code B loss}, its slot of correct answers the number of samples
     * whose largest logit (the first of equal ones) is their label.
     *
     * @param dy {@code [B, M]}, T; null if only the meter is wanted
     * @param y logits {@code [B, M]}, F32
     * @param labels {@code [B]}, I32
     * @param meter adds up loss and correct answers; null to add up nothing
     * @return the planned operation
     */
    R crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, @Nullable Meter meter);

    /**
     * Plans adaptive average pooling (docs/mathematics.md, section 7.3): position {@code (i, j)} of {@code H' x W'} is the mean over
     * rows {@code floor(i H / H')} up to {@code ceil((i+1) H / H')}, without that one, and columns alike. Windows overlap where
     * {@code H'} does not divide {@code H}.
     *
     * @param y {@code [B, C, H', W']}, T; at most as high and as wide as {@code x}
     * @param x {@code [B, C, H, W]}, T
     * @return the planned operation
     */
    R averagePool(Tensor y, Tensor x);

    /**
     * Plans the gradient of {@link #averagePool}: each position gets its part of all windows that it is in.
     *
     * @param dx like {@code x}, T
     * @param dy like {@code y}, T
     * @return the planned operation
     */
    R averagePoolGradient(Tensor dx, Tensor dy);
}
