package io.github.kib4j.train;

import org.jspecify.annotations.Nullable;

/**
 * What a network does on a set of images.
 *
 * @param images how many
 * @param loss mean cross-entropy
 * @param accuracy in percent
 * @param accuracyWithFlips in percent, of the mean of an image's logits and its mirror image's; null where they were not asked for
 * @param current what the weights do as they are, where the rest is of their average; null where it is of themselves
 */
public record Evaluation(
        long images,
        double loss,
        double accuracy,
        @Nullable Double accuracyWithFlips,
        @Nullable Evaluation current) {
    /**
     * That of the weights as they are, of images as they are.
     *
     * @param images how many
     * @param loss mean cross-entropy
     * @param accuracy in percent
     */
    public Evaluation(long images, double loss, double accuracy) {
        this(images, loss, accuracy, null, null);
    }
}
