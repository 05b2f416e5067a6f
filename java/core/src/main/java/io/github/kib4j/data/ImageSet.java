package io.github.kib4j.data;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Labelled samples in memory: images, or features, of which each is a channel of one pixel, {@code D x 1 x 1}.
 *
 * @param name for people, for example {@code cifar10 train}
 * @param image {@code C x H x W}
 * @param pixels {@code count C H W} numbers, image after image, each in {@code C,H,W} order
 * @param labels one for each image, each in {@code [0, classNames.size())}
 * @param classNames one for each class; none where samples have no labels, which are then all 0
 */
@SuppressWarnings("ArrayRecordComponent") // the labels of a data set are shared, never compared
public record ImageSet(String name, Shape image, Pixels pixels, int[] labels, List<String> classNames) {
    /**
     * Checks that sizes agree, labels are in range and numbers finite.
     *
     * @param name what the images are, for messages
     * @param image shape of an image, {@code C x H x W}
     * @param pixels one image after the other, each in {@code C,H,W} order
     * @param labels the class of each image, from 0
     * @param classNames one for each class
     * @throws RefusedException if they do not fit each other, or a float is not finite
     */
    public ImageSet {
        if (image.rank() != 3 || (long) labels.length * image.size() != pixels.size()) {
            boolean bytes = pixels instanceof Pixels.Bytes;
            throw new RefusedException(name + ": " + labels.length + " labels and " + pixels.size()
                    + (bytes ? " bytes" : " numbers") + " do not fit images of " + image + ".");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= Math.max(1, classNames.size())) {
                throw new RefusedException(name + ": label " + labels[i] + " of image " + i + " is not in [0, "
                        + classNames.size() + ").");
            }
        }
        if (pixels instanceof Pixels.Floats floats) {
            requireFinite(name, image, floats.floats());
        }
    }

    /** A number that is none makes a loss that is none, steps later and far from here. */
    private static void requireFinite(String name, Shape image, float[] floats) {
        for (int i = 0; i < floats.length; i++) {
            if (!Float.isFinite(floats[i])) {
                throw new RefusedException(name + ": sample " + i / image.size() + " has " + floats[i] + " as number "
                        + i % image.size() + " (both counted from 0); give finite numbers only.");
            }
        }
    }

    /**
     * Creates a set of images of bytes.
     *
     * @param name what the images are, for messages
     * @param image shape of an image, {@code C x H x W}
     * @param bytes one image after the other, each in {@code C,H,W} order
     * @param labels the class of each image, from 0
     * @param classNames one for each class
     */
    public ImageSet(String name, Shape image, byte[] bytes, int[] labels, List<String> classNames) {
        this(name, image, new Pixels.Bytes(bytes), labels, classNames);
    }

    /**
     * {@return samples of floats}
     *
     * @param name what they are, for messages
     * @param sample shape of one: {@code D} features, an image {@code H x W} or {@code C x H x W}
     * @param numbers one sample after the other, each row-major; they are copied from the buffer's position to its limit
     * @param labels the class of each sample, from 0
     * @param classNames one for each class
     * @throws RefusedException if they do not fit each other, or a number is not finite
     */
    public static ImageSet of(String name, Shape sample, FloatBuffer numbers, int[] labels, List<String> classNames) {
        float[] copy = new float[numbers.remaining()];
        numbers.duplicate().get(copy);
        return new ImageSet(name, image(name, sample), new Pixels.Floats(copy), labels, classNames);
    }

    /**
     * {@return features as samples}
     *
     * @param name what they are, for messages
     * @param features {@code [count][D]}, copied
     * @param labels the class of each sample, from 0
     * @param classNames one for each class
     * @throws RefusedException if they do not fit each other, or a number is not finite
     */
    public static ImageSet of(String name, float[][] features, int[] labels, List<String> classNames) {
        if (features.length == 0 || features[0].length == 0) {
            throw new RefusedException(name + ": there is no feature; give at least one sample of at least one.");
        }
        int width = features[0].length;
        float[] copy = new float[Math.multiplyExact(features.length, width)];
        for (int i = 0; i < features.length; i++) {
            if (features[i].length != width) {
                throw new RefusedException(name + ": sample " + i + " has " + features[i].length
                        + " features, and sample 0 has " + width + "; give all the same.");
            }
            System.arraycopy(features[i], 0, copy, i * width, width);
        }
        return new ImageSet(name, Shape.of(width, 1, 1), new Pixels.Floats(copy), labels, classNames);
    }

    /**
     * {@return samples without labels, for rules whose teaching signal needs none}
     *
     * @param name what they are, for messages
     * @param image shape of one, {@code C x H x W}
     * @param pixels one sample after the other, each in {@code C,H,W} order
     * @throws RefusedException if they do not fit each other, or a float is not finite
     */
    public static ImageSet unlabelled(String name, Shape image, Pixels pixels) {
        return new ImageSet(name, image, pixels, new int[Math.toIntExact(pixels.size() / image.size())], List.of());
    }

    private static Shape image(String name, Shape sample) {
        return switch (sample.rank()) {
            case 1 -> Shape.of(sample.extent(0), 1, 1);
            case 2 -> sample.prepend(1);
            case 3 -> sample;
            default ->
                throw new RefusedException(name + ": samples are D features, images H x W or C x H x W, but are "
                        + sample + "; flatten them.");
        };
    }

    /** {@return the number of images} */
    public int count() {
        return labels.length;
    }

    /** {@return the number of classes, {@code M}} */
    public int classes() {
        return classNames.size();
    }

    /** {@return whether samples have labels} */
    public boolean isLabelled() {
        return !classNames.isEmpty();
    }

    /** {@return whether samples are features, not images: channels of one pixel} */
    public boolean hasFeatures() {
        return image.extent(1) == 1 && image.extent(2) == 1;
    }

    /** {@return the CRC-32C of pixels and labels, in hexadecimal} */
    public String checksum() {
        CRC32C checksum = new CRC32C();
        pixels.addTo(checksum);
        ByteBuffer bytes = ByteBuffer.allocate(4 * labels.length);
        bytes.asIntBuffer().put(labels);
        checksum.update(bytes);
        return String.format("%08x", checksum.getValue());
    }

    /**
     * {@return the images at these indices, in their order}
     *
     * @param newName what the chosen images are, for messages
     * @param indices which images, in which order
     */
    public ImageSet select(String newName, int[] indices) {
        int[] selectedLabels = new int[indices.length];
        for (int j = 0; j < indices.length; j++) {
            if (indices[j] < 0 || indices[j] >= count()) {
                throw new RefusedException(
                        name + ": there is no image " + indices[j] + "; it has " + count() + ", from 0.");
            }
            selectedLabels[j] = labels[indices[j]];
        }
        return new ImageSet(
                newName, image, pixels.select(indices, Math.toIntExact(image.size())), selectedLabels, classNames);
    }

    /**
     * {@return the first images, at most {@code limit} of them; this set if it is not larger}
     *
     * @param limit at least 1
     */
    public ImageSet first(int limit) {
        if (limit < 1) {
            throw new RefusedException(name + ": the number of first images must be at least 1, but is " + limit + ".");
        }
        return limit >= count()
                ? this
                : select(name, java.util.stream.IntStream.range(0, limit).toArray());
    }
}
