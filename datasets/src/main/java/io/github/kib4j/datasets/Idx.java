package io.github.kib4j.datasets;

import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Images and labels of MNIST and its kin: arrays in the idx format (a magic number, extents, numbers; gzipped or not), or in
 * numpy's {@code .npz}.
 */
final class Idx {
    private static final int IMAGES = 0x803;
    private static final int LABELS = 0x801;
    private static final int UNSIGNED_BYTES = 8;
    /** The other types of integers. */
    private static final Map<Integer, Integer> SIGNED_BYTES = Map.of(9, 1, 0xB, 2, 0xC, 4);

    private Idx() {}

    /**
     * Images with the labels that their file gives them.
     *
     * @param image {@code 1 x H x W}
     * @param labels from 0 on, of any size
     */
    @SuppressWarnings("ArrayRecordComponent") // holds what was read, never compared
    record Labelled(Shape image, byte[] pixels, int[] labels, Path labelFile) {
        /** Returns the set whose labels are classes. */
        ImageSet asClasses(String name, List<String> classNames) {
            for (int i = 0; i < labels.length; i++) {
                if (labels[i] >= classNames.size()) {
                    throw new DatasetException("The file " + labelFile + " has label " + labels[i] + " at image " + i
                            + ", but there are only " + classNames.size() + " classes; fetch it again.");
                }
            }
            return new ImageSet(name, image, pixels, labels, classNames);
        }

        /** Returns the set whose classes are the places of its labels among these, which ascend and have them all. */
        ImageSet asPlaces(String name, int[] all, List<String> classNames) {
            int[] places = Arrays.stream(labels)
                    .map(label -> Arrays.binarySearch(all, label))
                    .toArray();
            return new ImageSet(name, image, pixels, places, classNames);
        }
    }

    /** Reads images and labels; how many there are is what the headers say. */
    static Labelled read(Path images, Path labels) {
        Numbers pixels = isNpz(images) ? Npz.read(images) : idx(images, true);
        if (!pixels.type().isUnsignedBytes() || pixels.extents().length != 3) {
            throw new DatasetException("The file " + images
                    + " must have images of bytes, count x height x width, but has " + pixels.extents().length
                    + " dimensions of " + pixels.type().bytes() + " bytes; name another.");
        }
        Numbers numbers = isNpz(labels) ? Npz.read(labels) : idx(labels, false);
        int[] extents = pixels.extents();
        if (numbers.extents().length > 0 && numbers.extents()[0] != extents[0]) {
            throw new DatasetException("The file " + labels + " has " + numbers.extents()[0] + " labels, but " + images
                    + " has " + extents[0] + " images; fetch both again.");
        }
        return new Labelled(Shape.of(1, extents[1], extents[2]), pixels.data(), numbers.labels(labels), labels);
    }

    private static boolean isNpz(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".npz");
    }

    private static Numbers idx(Path file, boolean images) {
        try (Bytes in = new Bytes(file)) {
            int magic = in.readInt();
            Numbers.Type type = type(magic);
            int dimensions = magic & 0xFF;
            if (type == null || (images ? magic != IMAGES : dimensions < 1 || dimensions > 2)) {
                throw new DatasetException(String.format(
                        "The file %s is no idx file of %s: it begins with 0x%08x, not 0x%08x; fetch it again.",
                        file, images ? "images" : "labels", magic, images ? IMAGES : LABELS));
            }
            int[] extents = new int[dimensions];
            for (int i = 0; i < dimensions; i++) {
                extents[i] = size(in, file);
            }
            byte[] data = in.read(volume(file, extents, type.bytes()));
            in.expectEnd();
            return new Numbers(type, extents, data, 0);
        }
    }

    /** Returns the type that a magic number names; null if it names none of integers. */
    private static Numbers.@Nullable Type type(int magic) {
        int code = magic >>> 8;
        if (code == UNSIGNED_BYTES) {
            return Numbers.Type.UNSIGNED_BYTES;
        }
        Integer bytes = SIGNED_BYTES.get(code);
        return bytes == null ? null : new Numbers.Type(bytes, true, ByteOrder.BIG_ENDIAN);
    }

    private static long volume(Path file, int[] extents, int bytes) {
        long size = Numbers.size(extents);
        if (size < 0) {
            throw new DatasetException("The file " + file + " announces "
                    + String.join(
                            " x ",
                            Arrays.stream(extents).mapToObj(String::valueOf).toList())
                    + " numbers, more than can be read; it is damaged: fetch it again.");
        }
        return size * bytes;
    }

    private static int size(Bytes in, Path file) {
        int size = in.readInt();
        if (size < 1) {
            throw new DatasetException(
                    "The file " + file + " announces a size of " + size + "; it is damaged: fetch it again.");
        }
        return size;
    }
}
