package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Which images of a data set are loaded. A limit takes the first images of a published or generated set. Of a folder, and of own
 * tables and arrays, it takes of each class as nearly the same number as there are, each class's first; a folder's other files are
 * not opened.
 *
 * @param validation whether to test on a part of the training images: of a folder that has a part for validation beside one for
 *     tests on that part, else as {@link Validation} splits
 * @param train the most training images; 0 for all
 * @param test the most test images; 0 for all
 */
public record Selection(boolean validation, int train, int test) {
    /** All images. */
    public static final Selection ALL = new Selection(false, 0, 0);

    /**
     * Checks that no limit is negative.
     *
     * @param validation what is held out of the training images to test on
     * @param train how many training images at most
     * @param test how many test images at most
     */
    public Selection {
        if (train < 0 || test < 0) {
            throw new RefusedException("A limit of images is at least 0, but those of training and test images are "
                    + train + " and " + test + ".");
        }
    }

    /** Returns the selected part of a data set that is loaded as a whole: the first images. */
    Dataset of(Dataset all) {
        Dataset split = validation ? Validation.of(all) : all;
        return new Dataset(
                split.name(),
                first(split.train(), train),
                first(split.test(), test),
                split.mean(),
                split.deviation(),
                split.padding(),
                split.flip());
    }

    /**
     * Returns the samples, at most {@code limit} of them, that are of each class its first and as many as of the others while it has
     * them, in their order.
     *
     * @param labels of all samples
     */
    static int[] share(int[] labels, int classes, int limit) {
        int[] seen = new int[classes];
        int[] rank = Arrays.stream(labels).map(label -> seen[label]++).toArray();
        return IntStream.range(0, labels.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(i -> rank[i]).thenComparing(i -> labels[i]))
                .limit(limit)
                .sorted()
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static ImageSet first(ImageSet images, int limit) {
        return limit == 0 ? images : images.first(limit);
    }
}
