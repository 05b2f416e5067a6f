package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The readout's loss.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface ReadoutOps<R> {
    /**
     * Plans softmax cross-entropy, mean over the batch: {@code loss = mean_b (log sum_m exp(y[b,m]) - y[b,label_b])} and
     * {@code dy = (softmax(y) - onehot) / B}. The meter's slot gets {@code B loss}, the slot after it the number of samples
     * whose largest logit (the first of equal ones) is their label.
     *
     * @param dy {@code [B, M]}, T; null if only the meter is wanted
     * @param y logits {@code [B, M]}, F32
     * @param labels {@code [B]}, I32
     * @param meter adds up loss and correct answers
     * @return the planned operation
     */
    R crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, Meter meter);
}
