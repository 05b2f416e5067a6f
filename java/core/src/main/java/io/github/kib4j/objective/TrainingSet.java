package io.github.kib4j.objective;

import io.github.kib4j.tensor.Shape;
import java.util.function.IntToDoubleFunction;
import java.util.function.Supplier;

/**
 * What a run trains on, as far as a teaching signal may know it.
 *
 * @param image {@code C x H x W}
 * @param images of the training set
 * @param views of an image in an epoch, side by side in a batch
 * @param batch samples of the largest batch, each view one
 * @param values reads the images' numbers, image by image: of bytes parts of 255, of floats normalized ones
 * @param labels reads their classes
 * @param labelled whether they have classes
 */
public record TrainingSet(
        Shape image,
        int images,
        int views,
        int batch,
        Supplier<IntToDoubleFunction> values,
        Supplier<int[]> labels,
        boolean labelled) {
    /**
     * Creates a set of images that have classes.
     *
     * @param image {@code C x H x W}
     * @param images of the training set
     * @param views of an image in an epoch
     * @param batch samples of the largest batch
     * @param values reads the images' numbers
     * @param labels reads their classes
     */
    public TrainingSet(
            Shape image,
            int images,
            int views,
            int batch,
            Supplier<IntToDoubleFunction> values,
            Supplier<int[]> labels) {
        this(image, images, views, batch, values, labels, true);
    }

    /**
     * {@return a set of which only the sizes are known}
     *
     * @param images of the training set
     * @param batch samples of the largest batch
     */
    public static TrainingSet sized(int images, int batch) {
        return new TrainingSet(Shape.of(1, 1, 1), images, 1, batch, () -> i -> 0, () -> new int[images]);
    }

    /** {@return the samples of an epoch} */
    public int samples() {
        return images * views;
    }

    /**
     * {@return the image that an entry of an epoch's order is a view of}
     *
     * @param entry {@code image + view * images}
     */
    public int imageOf(int entry) {
        return entry % images;
    }
}
