package io.github.kib4j.train;

/**
 * What a network does on a set of images.
 *
 * @param images how many
 * @param loss mean cross-entropy
 * @param accuracy in percent
 */
public record Evaluation(long images, double loss, double accuracy) {}
