package io.github.kib4j.data;

import io.github.kib4j.tensor.RefusedException;
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
    /**
     * Checks that both parts and the normalization fit each other, and that the numbers are ones.
     *
     * @param name the name users type
     * @param train images to train on
     * @param test images to test on
     * @param mean per channel, of pixels in [0, 1]
     * @param deviation per channel
     * @param padding how far training images are usually shifted
     * @param flip whether training images are usually mirrored
     * @throws IllegalArgumentException if a part has no image, parts differ in image or classes, a channel's mean is not
     *     finite or its deviation not positive and finite, or the padding is negative
     */
    public Dataset {
        requireImages(name, "training", train);
        requireImages(name, "test", test);
        if (!train.image().equals(test.image()) || train.classes() != test.classes()) {
            throw new RefusedException(name + ": training images are " + train.image() + " of " + train.classes()
                    + " classes, test images " + test.image() + " of " + test.classes() + ".");
        }
        if (mean.size() != train.image().extent(0) || deviation.size() != mean.size()) {
            throw new RefusedException(name + ": normalization needs one mean and deviation for each of "
                    + train.image().extent(0) + " channels, but has " + mean.size() + " and " + deviation.size() + ".");
        }
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        for (int channel = 0; channel < mean.size(); channel++) {
            requireNormalization(name, channel, mean.get(channel), deviation.get(channel));
        }
        if (padding < 0) {
            throw new RefusedException(name + ": the padding must be at least 0 pixels, but is " + padding + ".");
        }
    }

    /**
     * {@return this, its training images shifted otherwise}
     *
     * @param other how far they are shifted at most, in pixels; 0 for not at all
     */
    public Dataset withPadding(int other) {
        return new Dataset(name, train, test, mean, deviation, other, flip);
    }

    private static void requireImages(String name, String part, ImageSet images) {
        if (images.count() == 0) {
            throw new RefusedException(name + ": there is no " + part + " image; give at least one.");
        }
    }

    /** A deviation of 0 makes infinite pixels, and these a loss that is not finite, steps later and far from here. */
    private static void requireNormalization(String name, int channel, double mean, double deviation) {
        if (!Double.isFinite(mean)) {
            throw new RefusedException(
                    name + ": the mean of channel " + channel + " must be finite, but is " + mean + ".");
        }
        if (!(deviation > 0) || !Double.isFinite(deviation)) {
            throw new RefusedException(name + ": the deviation of channel " + channel
                    + ", which pixels are divided by, must be positive and finite, but is " + deviation + ".");
        }
    }
}
