package io.github.kib4j.bindings;

import io.github.kib4j.tensor.Shape;

/**
 * How a tensor lies in memory: what is {@code [outer, channels, positions]} to Java is stored as {@code [outer, positions,
 * channels]}. Four-dimensional tensors are images, {@code [B, C, H, W]} stored as {@code [B, H, W, C]}; others are stored as they are.
 *
 * @param outer B of an image, else 1
 * @param channels C of an image, else 1
 * @param positions H W of an image, else all numbers
 */
public record Storage(long outer, long channels, long positions) {
    /**
     * {@return how a tensor lies in memory}
     *
     * @param shape its extents
     */
    public static Storage of(Shape shape) {
        long outer = shape.rank() == 4 ? shape.extent(0) : 1;
        long channels = shape.rank() == 4 ? shape.extent(1) : 1;
        return new Storage(outer, channels, shape.size() / Math.max(1, outer * channels));
    }
}
