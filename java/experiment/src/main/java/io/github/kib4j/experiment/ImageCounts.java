package io.github.kib4j.experiment;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.tensor.Shape;
import java.util.Locale;

/** How many images a data set has, of all classes and of the least and most frequent one. */
public final class ImageCounts {
    private ImageCounts() {}

    /**
     * {@return for example {@code 60 training images (20 of 'a' to 40 of 'b'), 4 test images (2 of each class), 3 x 8 x 8, 2 classes}}
     *
     * @param dataset of images
     */
    public static String of(Dataset dataset) {
        return of(dataset.train(), "training") + ", " + of(dataset.test(), "test") + ", "
                + image(dataset.train().image()) + ", "
                + Words.count(dataset.train().classes(), "class");
    }

    /**
     * {@return what a sample is, for example {@code 3 x 8 x 8}, or {@code 5 features}}
     *
     * @param image {@code C x H x W}
     */
    public static String image(Shape image) {
        return isFeatures(image) ? Words.count(image.extent(0), "feature") : image.toString();
    }

    /**
     * {@return what samples are called: images, or of features samples}
     *
     * @param image {@code C x H x W}
     */
    public static String noun(Shape image) {
        return isFeatures(image) ? "sample" : "image";
    }

    private static boolean isFeatures(Shape image) {
        return image.rank() == 3 && image.extent(1) == 1 && image.extent(2) == 1;
    }

    private static String of(ImageSet images, String part) {
        int[] counts = new int[images.classes()];
        for (int label : images.labels()) {
            counts[label]++;
        }
        int least = 0;
        int most = 0;
        for (int label = 1; label < counts.length; label++) {
            least = counts[label] < counts[least] ? label : least;
            most = counts[label] > counts[most] ? label : most;
        }
        String each = counts[least] == counts[most]
                ? number(counts[least]) + " of each class"
                : number(counts[least]) + " of " + name(images, least) + " to " + number(counts[most]) + " of "
                        + name(images, most);
        return Words.count(images.count(), part + " " + noun(images.image())) + " (" + each + ")";
    }

    private static String number(int count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    private static String name(ImageSet images, int label) {
        return "'" + FileFailure.printable(images.classNames().get(label)) + "'";
    }
}
