package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * STL-10's binary version (Coates, Ng and Lee, 2011): {@code train_X.bin} and {@code test_X.bin}, colour images of 96 x 96 pixels,
 * channel after channel, each column after column; {@code train_y.bin} and {@code test_y.bin}, a byte from 1 for each image. What has
 * no labels ({@code unlabeled_X.bin}) is not read.
 */
final class Stl10 {
    private static final int SIDE = 96;
    private static final Shape IMAGE = Shape.of(3, SIDE, SIDE);
    private static final int PIXELS = 3 * SIDE * SIDE;
    /** As much of an image's side as CIFAR's crops take of theirs. */
    private static final int PADDING = SIDE / 8;

    private static final String NAMES = "class_names.txt";
    private static final String FOLDER = "stl10_binary";
    private static final List<String> USUAL =
            List.of("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck");

    private Stl10() {}

    /** Returns the folder of the files: a place, or the publisher's folder in it; empty where there is none of them. */
    static Optional<Path> folder(Path place) {
        return Stream.of(place, place.resolve(FOLDER))
                .filter(folder ->
                        Stream.of("train", "test").anyMatch(part -> RegularFile.isNamed(images(folder, part))))
                .findFirst();
    }

    private static Path images(Path folder, String part) {
        return folder.resolve(part + "_X.bin");
    }

    /** Reads both parts; pixels are normalized by mean and deviation of the training images. */
    static Dataset read(Path place) {
        Path folder = folder(place)
                .orElseThrow(() -> DatasetException.missing(
                        Recognised.STL10,
                        "There is no train_X.bin of STL-10 in " + place + "; name the folder " + FOLDER + "."));
        List<String> names = names(folder.resolve(NAMES));
        Dataset learned =
                Dataset.standardized(Recognised.STL10, part(folder, "train", names), part(folder, "test", names));
        return new Dataset(
                learned.name(), learned.train(), learned.test(), learned.mean(), learned.deviation(), PADDING, true);
    }

    private static List<String> names(Path file) {
        if (!RegularFile.isNamed(file)) {
            return USUAL;
        }
        try {
            List<String> names = Files.readAllLines(RegularFile.require(file)).stream()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
            if (names.size() < 2 || names.stream().distinct().count() != names.size()) {
                throw new DatasetException("The file " + file + " must name at least two classes, each once, but has "
                        + names.size() + " lines; fetch it again.");
            }
            return names;
        } catch (IOException e) {
            throw new DatasetException(
                    "The file " + file + " cannot be read (" + FileFailure.reason(e)
                            + "); fetch it again or check its permissions.",
                    e);
        }
    }

    private static ImageSet part(Path folder, String part, List<String> names) {
        Path labelsFile = RegularFile.require(folder.resolve(part + "_y.bin"));
        Path imagesFile = RegularFile.require(images(folder, part));
        int[] labels = labels(labelsFile, names.size());
        byte[] columns;
        try (Bytes bytes = new Bytes(imagesFile)) {
            columns = bytes.read((long) labels.length * PIXELS);
            bytes.expectEnd();
        }
        return new ImageSet(Recognised.STL10 + " " + part, IMAGE, rows(columns), labels, names);
    }

    private static int[] labels(Path file, int classes) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new DatasetException(
                    "The file " + file + " cannot be read (" + FileFailure.reason(e)
                            + "); fetch it again or check its permissions.",
                    e);
        }
        if (bytes.length == 0) {
            throw new DatasetException("The file " + file + " is empty; fetch it again.");
        }
        int[] labels = new int[bytes.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (bytes[i] & 0xFF) - 1;
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new DatasetException("Label " + (labels[i] + 1) + " of image " + i + " in " + file
                        + " is none of 1 to " + classes + "; fetch the file again.");
            }
        }
        return labels;
    }

    /** Returns images row after row, given column after column. */
    private static byte[] rows(byte[] columns) {
        byte[] rows = new byte[columns.length];
        int plane = SIDE * SIDE;
        for (int start = 0; start < rows.length; start += plane) {
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) {
                    rows[start + y * SIDE + x] = columns[start + x * SIDE + y];
                }
            }
        }
        return rows;
    }
}
