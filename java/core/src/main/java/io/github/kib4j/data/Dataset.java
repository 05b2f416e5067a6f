package io.github.kib4j.data;

import java.util.List;

/**
 * A data set: images to train on, images to test on, and how they are usually normalized and augmented.
 *
 * @param name the name users type, for example {@code cifar10}
 * @param mean per channel, of pixels in [0, 1]
 * @param deviation per channel
 * @param padding how far training images are usually shifted; 0 for not at all
 * @param flip whether training images are usually mirrored
 */
public record Dataset(
        String name,
        ImageSet train,
        ImageSet test,
        List<Double> mean,
        List<Double> deviation,
        int padding,
        boolean flip) {
    /** Checks that both parts and the normalization fit each other. */
    public Dataset {
        if (!train.image().equals(test.image()) || train.classes() != test.classes()) {
            throw new IllegalArgumentException(name + ": training images are " + train.image() + " of "
                    + train.classes() + " classes, test images " + test.image() + " of " + test.classes() + ".");
        }
        if (mean.size() != train.image().extent(0) || deviation.size() != mean.size()) {
            throw new IllegalArgumentException(name + ": normalization needs one mean and deviation for each channel.");
        }
    }
}
