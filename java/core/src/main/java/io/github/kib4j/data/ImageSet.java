package io.github.kib4j.data;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Labelled images in memory.
 *
 * @param name for people, for example {@code cifar10 train}
 * @param image {@code C x H x W}
 * @param pixels {@code count C H W} bytes, image after image, each in {@code C,H,W} order
 * @param labels one for each image, each in {@code [0, classNames.size())}
 * @param classNames one for each class
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes of a data set are shared, never compared
public record ImageSet(String name, Shape image, byte[] pixels, int[] labels, List<String> classNames) {
    /**
     * Checks that sizes agree and labels are in range.
     *
     * @param name what the images are, for messages
     * @param image shape of an image, {@code C x H x W}
     * @param pixels one image after the other, each in {@code C,H,W} order
     * @param labels the class of each image, from 0
     * @param classNames one for each class
     */
    public ImageSet {
        if (image.rank() != 3 || (long) labels.length * image.size() != pixels.length) {
            throw new RefusedException(name + ": " + labels.length + " labels and " + pixels.length
                    + " bytes do not fit images of " + image + ".");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classNames.size()) {
                throw new RefusedException(name + ": label " + labels[i] + " of image " + i + " is not in [0, "
                        + classNames.size() + ").");
            }
        }
    }

    /** {@return the number of images} */
    public int count() {
        return labels.length;
    }

    /** {@return the number of classes, {@code M}} */
    public int classes() {
        return classNames.size();
    }

    /** {@return the CRC-32C of pixels and labels, in hexadecimal} */
    public String checksum() {
        CRC32C checksum = new CRC32C();
        checksum.update(pixels);
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
        int size = Math.toIntExact(image.size());
        byte[] selected = new byte[Math.multiplyExact(indices.length, size)];
        int[] selectedLabels = new int[indices.length];
        for (int j = 0; j < indices.length; j++) {
            if (indices[j] < 0 || indices[j] >= count()) {
                throw new RefusedException(
                        name + ": there is no image " + indices[j] + "; it has " + count() + ", from 0.");
            }
            System.arraycopy(pixels, indices[j] * size, selected, j * size, size);
            selectedLabels[j] = labels[indices[j]];
        }
        return new ImageSet(newName, image, selected, selectedLabels, classNames);
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
