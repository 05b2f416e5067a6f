package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.datasets.IdxFiles.Role;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The data set {@code idx}: images like MNIST's with any labels. The classes are the labels that occur, in ascending order, under
 * their numbers as names, so that labels from 1 (EMNIST's letters) or with gaps leave no class without an image; EMNIST's classes
 * are called by their characters. Images are as the file has them (EMNIST's are transposed).
 */
final class IdxSet {
    private static final String DIGITS = "0123456789";
    private static final String CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static final String SMALL = CAPITALS.toLowerCase(Locale.ROOT);
    /** The small letters that do not look like their capitals. */
    private static final String MERGED = DIGITS + CAPITALS + "abdefghnqrt";

    /** EMNIST's characters by its files' prefix; the place is the label. */
    private static final Map<String, String> CHARACTERS = Map.of(
            "emnist-byclass",
            DIGITS + CAPITALS + SMALL,
            "emnist-bymerge",
            MERGED,
            "emnist-balanced",
            MERGED,
            "emnist-letters",
            " " + SMALL);

    private IdxSet() {}

    static Dataset read(IdxFiles files, Consumer<String> notes) {
        Idx.Labelled train = Idx.read(files.require(Role.TRAIN_IMAGES), files.require(Role.TRAIN_LABELS));
        Idx.Labelled test = Idx.read(files.require(Role.TEST_IMAGES), files.require(Role.TEST_LABELS));
        if (!train.image().equals(test.image())) {
            throw new DatasetException("The files in " + files.folder() + " do not fit each other: training images are "
                    + train.image() + ", test images " + test.image() + "; fetch them again.");
        }
        int[] all = IntStream.concat(Arrays.stream(train.labels()), Arrays.stream(test.labels()))
                .distinct()
                .sorted()
                .toArray();
        if (all.length < 2) {
            throw new DatasetException("The file " + train.labelFile() + " has the label " + all[0]
                    + " alone, but there must be at least 2 classes; name other files.");
        }
        List<String> names = Arrays.stream(all)
                .mapToObj(label -> name(files.prefix(), label))
                .toList();
        if (all[all.length - 1] != all.length - 1) {
            notes.accept("The labels of " + train.labelFile().getFileName() + " are " + all.length + " numbers from "
                    + all[0] + " to " + all[all.length - 1] + ", which are classes 0 to " + (all.length - 1) + ".");
        }
        ImageSet trainSet = train.asPlaces("idx train", all, names);
        ImageSet testSet = test.asPlaces("idx test", all, names);
        List<Double> half = List.of(0.5);
        return new Dataset("idx", trainSet, testSet, half, half, 0, false);
    }

    private static String name(String prefix, int label) {
        String characters = CHARACTERS.getOrDefault(prefix, "");
        boolean known = label < characters.length() && characters.charAt(label) != ' ';
        return known ? characters.substring(label, label + 1) : Integer.toString(label);
    }
}
