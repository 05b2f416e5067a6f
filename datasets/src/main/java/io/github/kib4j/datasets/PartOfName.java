package io.github.kib4j.datasets;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What files and arrays are for, by the words of their names: {@code x_train}, {@code test-labels}. */
final class PartOfName {
    /** Which part of a data set. */
    enum Role {
        TRAIN("train", "training"),
        VALIDATION("val", "valid", "validation"),
        TEST("test", "testing");

        private final Set<String> words;

        Role(String... words) {
            this.words = Set.of(words);
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What of it. */
    enum Kind {
        SAMPLES("x", "images", "image", "imgs", "data", "features", "inputs", "samples"),
        LABELS("y", "labels", "label", "targets", "target", "classes");

        private final Set<String> words;

        Kind(String... words) {
            this.words = Set.of(words);
        }
    }

    private PartOfName() {}

    /** Returns a file's name without what follows its first dot. */
    static String stem(Path file) {
        return file.getFileName().toString().replaceFirst("\\..*", "");
    }

    private static List<String> words(String name) {
        return Arrays.asList(name.toLowerCase(Locale.ROOT).split("[^a-z]+"));
    }

    static Optional<Role> role(String name) {
        return Stream.of(Role.values())
                .filter(role -> words(name).stream().anyMatch(role.words::contains))
                .findFirst();
    }

    static Optional<Kind> kind(String name) {
        return Stream.of(Kind.values())
                .filter(kind -> words(name).stream().anyMatch(kind.words::contains))
                .findFirst();
    }
}
