package io.github.kib4j.data;

import io.github.kib4j.tensor.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * A data set: images (or features) to train on and to test on, and how they are usually normalized and augmented.
 *
 * @param name the name users type, for example {@code cifar10}
 * @param test may have no image: then nothing can be evaluated
 * @param mean per channel, of bytes as parts of 255 or of floats as they are
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
     * @param mean per channel, of bytes as parts of 255 or of floats as they are
     * @param deviation per channel
     * @param padding how far training images are usually shifted
     * @param flip whether training images are usually mirrored
     * @throws IllegalArgumentException if there is no training image, parts differ in image or classes, a channel's mean is not
     *     finite or its deviation not positive and finite, the padding is negative, or one part has bytes and one floats
     */
    public Dataset {
        requireImages(name, train);
        if (!train.image().equals(test.image()) || train.classes() != test.classes()) {
            throw new RefusedException(name + ": training images are " + train.image() + " of " + train.classes()
                    + " classes, test images " + test.image() + " of " + test.classes() + ".");
        }
        if (train.pixels().type() != test.pixels().type()) {
            throw new RefusedException(
                    name + ": training images are of " + train.pixels().type() + ", test images of "
                            + test.pixels().type() + "; give both parts the same numbers.");
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
     * {@return a data set whose channels (of features each is one) are normalized to mean 0 and deviation 1 of the training images:
     * {@code deviation^2} is the mean of squares, over images and pixels, about the mean} A channel that is everywhere the same keeps
     * deviation 1. Images are neither shifted nor mirrored.
     *
     * @param name the name users type
     * @param train images to train on
     * @param test images to test on
     * @throws IllegalArgumentException as the constructor does
     */
    public static Dataset standardized(String name, ImageSet train, ImageSet test) {
        requireImages(name, train);
        int channels = train.image().extent(0);
        int plane = Math.toIntExact(train.image().size() / channels);
        List<Double> mean = new ArrayList<>();
        List<Double> deviation = new ArrayList<>();
        for (int c = 0; c < channels; c++) {
            Channel channel = new Channel(train, c * plane, plane);
            double middle = channel.mean(x -> x);
            double variance = channel.mean(x -> (x - middle) * (x - middle));
            mean.add(middle);
            // What is left of a constant is the rounding of its mean.
            deviation.add(variance > Math.ulp(middle * middle) * train.count() ? Math.sqrt(variance) : 1);
        }
        return new Dataset(name, train, test, mean, deviation, 0, false);
    }

    /** {@return this without test images: nothing can then be evaluated} */
    public Dataset withoutTest() {
        return new Dataset(name, train, test.select("none", new int[0]), mean, deviation, padding, flip);
    }

    /** A channel of all images. */
    private record Channel(ImageSet images, int first, int plane) {
        double mean(DoubleUnaryOperator of) {
            int size = Math.toIntExact(images.image().size());
            double sum = 0;
            for (int i = 0; i < images.count(); i++) {
                for (int at = 0; at < plane; at++) {
                    sum += of.applyAsDouble(images.pixels().value(i * size + first + at));
                }
            }
            return sum / ((double) images.count() * plane);
        }
    }

    /**
     * {@return this, normalized otherwise: as the training was whose network is evaluated}
     *
     * @param otherMean per channel
     * @param otherDeviation per channel
     */
    public Dataset withNormalization(List<Double> otherMean, List<Double> otherDeviation) {
        return new Dataset(name, train, test, otherMean, otherDeviation, padding, flip);
    }

    /**
     * {@return this, its training images shifted otherwise}
     *
     * @param other how far they are shifted at most, in pixels; 0 for not at all
     */
    public Dataset withPadding(int other) {
        return new Dataset(name, train, test, mean, deviation, other, flip);
    }

    /**
     * {@return this, its training images mirrored at random or not}
     *
     * @param other whether they are
     */
    public Dataset withMirroring(boolean other) {
        return new Dataset(name, train, test, mean, deviation, padding, other);
    }

    private static void requireImages(String name, ImageSet images) {
        if (images.count() == 0) {
            throw new RefusedException(name + ": there is no training image; give at least one.");
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
