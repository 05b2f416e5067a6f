package io.github.kib4j.datasets;

import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.nio.file.Path;
import java.util.List;

/** The idx format of MNIST and its kin: a magic number, extents, bytes. */
final class Idx {
    private static final int IMAGES = 0x803;
    private static final int LABELS = 0x801;

    private Idx() {}

    /** Reads images and labels; how many there are is what the headers say. */
    static ImageSet read(String name, Path images, Path labels, List<String> classNames) {
        try (Bytes in = new Bytes(images)) {
            expectMagic(in, images, IMAGES, "images");
            int count = size(in, images);
            int height = size(in, images);
            int width = size(in, images);
            byte[] pixels = in.read(volume(images, count, height, width));
            in.expectEnd();
            return new ImageSet(
                    name,
                    Shape.of(1, height, width),
                    pixels,
                    labels(labels, count, images, classNames.size()),
                    classNames);
        }
    }

    private static long volume(Path file, int count, int height, int width) {
        try {
            return Math.multiplyExact((long) height * width, count);
        } catch (ArithmeticException e) {
            throw new DatasetException(
                    "The file " + file + " announces " + count + " images of " + height + " x " + width
                            + ", more than can be read; it is damaged: fetch it again.",
                    e);
        }
    }

    private static int[] labels(Path file, int expected, Path images, int classes) {
        try (Bytes in = new Bytes(file)) {
            expectMagic(in, file, LABELS, "labels");
            int count = size(in, file);
            if (count != expected) {
                throw new DatasetException("The file " + file + " has " + count + " labels, but " + images + " has "
                        + expected + " images; fetch both again.");
            }
            byte[] bytes = in.read(count);
            in.expectEnd();
            int[] labels = new int[count];
            for (int i = 0; i < count; i++) {
                labels[i] = bytes[i] & 0xFF;
                if (labels[i] >= classes) {
                    throw new DatasetException("The file " + file + " has label " + labels[i] + " at image " + i
                            + ", but there are only " + classes + " classes; fetch it again.");
                }
            }
            return labels;
        }
    }

    private static void expectMagic(Bytes in, Path file, int magic, String what) {
        int found = in.readInt();
        if (found != magic) {
            throw new DatasetException(String.format(
                    "The file %s is no idx file of %s: it begins with 0x%08x, not 0x%08x; fetch it again.",
                    file, what, found, magic));
        }
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
