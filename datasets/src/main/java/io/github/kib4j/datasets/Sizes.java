package io.github.kib4j.datasets;

import io.github.kib4j.tensor.Shape;

/**
 * What a data set holds.
 *
 * @param image shape of an image
 * @param classes how many classes there are
 * @param train how many training images
 * @param test how many test images
 */
public record Sizes(Shape image, int classes, int train, int test) {
    /** Returns the sizes of the selected part. */
    Sizes of(Selection selection) {
        int validation = selection.validation() ? Validation.images(train) : 0;
        return new Sizes(
                image,
                classes,
                least(selection.train(), train - validation),
                least(selection.test(), validation > 0 ? validation : test));
    }

    private static int least(int limit, int images) {
        return limit > 0 ? Math.min(limit, images) : images;
    }
}
