package io.github.kib4j.train;

/** Takes what a network says of each image of an evaluation. */
@FunctionalInterface
public interface Predictions {
    /** Takes nothing, and costs nothing. */
    Predictions NONE = (first, labels, logits) -> {};

    /**
     * Called after each batch.
     *
     * @param first index of the batch's first image
     * @param labels {@code [B]}
     * @param logits {@code [B, M]}, row-major; the prediction is the largest, the first of equal ones
     */
    void add(int first, int[] labels, float[] logits);
}
