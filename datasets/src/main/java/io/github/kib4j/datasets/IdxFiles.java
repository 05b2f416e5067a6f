package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The four files of a set like MNIST that lie in one folder, as publishers and tools call them: {@code train-images-idx3-ubyte},
 * {@code train-images.idx3-ubyte}, {@code emnist-letters-test-labels-idx1-ubyte}, {@code qmnist-train-labels-idx2-int}, each
 * perhaps with {@code .gz}, and {@code k49-train-imgs.npz}.
 *
 * @param folder where they lie
 * @param prefix what their names begin with, in small letters, for example {@code emnist-letters}; empty for nothing
 * @param files those that are there
 */
record IdxFiles(Path folder, String prefix, Map<Role, Path> files) {
    private static final Pattern NAME = Pattern.compile("(?:(.+)[-_.])?(train|t10k|test)[-_.](images|imgs|labels)"
            + "(?:[-_.]idx[0-9][-_.][a-z0-9]+(?:\\.gz)?|\\.npz)");

    /** What a file is for, and how MNIST's publisher calls it. */
    enum Role {
        TRAIN_IMAGES("train-images-idx3-ubyte"),
        TRAIN_LABELS("train-labels-idx1-ubyte"),
        TEST_IMAGES("t10k-images-idx3-ubyte"),
        TEST_LABELS("t10k-labels-idx1-ubyte");

        private final String usual;

        Role(String usual) {
            this.usual = usual;
        }

        String usual() {
            return usual;
        }

        private static Role of(boolean train, boolean images) {
            return train ? (images ? TRAIN_IMAGES : TRAIN_LABELS) : images ? TEST_IMAGES : TEST_LABELS;
        }
    }

    /** Returns the sets in a folder, in the order of their prefixes; none if it cannot be listed. */
    static List<IdxFiles> in(Path folder) {
        Map<String, Map<Role, Path>> sets = new TreeMap<>();
        for (Path file : list(folder)) {
            match(file).ifPresent(name -> {
                Role role =
                        Role.of(name.group(2).equals("train"), !name.group(3).equals("labels"));
                sets.computeIfAbsent(prefix(name), key -> new EnumMap<>(Role.class))
                        .merge(role, file, IdxFiles::better);
            });
        }
        List<IdxFiles> all = new ArrayList<>();
        sets.forEach((prefix, files) -> all.add(new IdxFiles(folder, prefix, files)));
        return all;
    }

    private static List<Path> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    private static Optional<Matcher> match(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString().toLowerCase(Locale.ROOT));
        return name.matches() ? Optional.of(name) : Optional.empty();
    }

    private static String prefix(Matcher name) {
        return Objects.requireNonNullElse(name.group(1), "");
    }

    /** A file goes before what is none, and an unpacked one before a packed one. */
    private static Path better(Path one, Path other) {
        return Stream.of(one, other)
                .min(Comparator.<Path, Boolean>comparing(path -> !Files.isRegularFile(path))
                        .thenComparing(path -> path.toString().endsWith(".gz")))
                .orElseThrow();
    }

    /**
     * Returns the only set at a place: in this folder or its {@code raw}, else in a folder below it or the {@code raw} of that
     * (as torchvision's {@code EMNIST/raw}). A place that is no folder may be one of a set's files, or what their names begin with.
     *
     * @throws DatasetException if there is none or more than one
     */
    static IdxFiles only(Path place) {
        List<IdxFiles> found = at(place);
        if (found.isEmpty()) {
            throw new DatasetException("There are no files like " + Role.TRAIN_IMAGES.usual() + " or "
                    + "k49-train-imgs.npz at " + place + "; name the folder that holds them.");
        }
        if (found.size() > 1) {
            throw new DatasetException("There are several sets at " + place + ": "
                    + String.join(
                            ", ",
                            found.stream().map(set -> set.place().toString()).toList()) + "; name one of them so.");
        }
        return found.get(0);
    }

    /** Returns the sets at a place, as {@link #only} looks for them. */
    static List<IdxFiles> at(Path place) {
        if (!Files.isDirectory(place)) {
            Path parent = Objects.requireNonNullElse(place.toAbsolutePath().getParent(), place);
            String name = place.getFileName() == null ? "" : place.getFileName().toString();
            String prefix = match(place).map(IdxFiles::prefix).orElse(name.toLowerCase(Locale.ROOT));
            return in(parent).stream()
                    .filter(set -> set.prefix().equals(prefix))
                    .toList();
        }
        List<IdxFiles> here = Stream.of(place, place.resolve("raw"))
                .map(IdxFiles::in)
                .filter(sets -> !sets.isEmpty())
                .findFirst()
                .orElse(List.of());
        return here.isEmpty()
                ? list(place).stream()
                        .flatMap(folder -> Stream.of(folder, folder.resolve("raw")))
                        .flatMap(folder -> in(folder).stream())
                        .toList()
                : here;
    }

    /** Returns how a user names this set. */
    Path place() {
        return prefix.isEmpty() ? folder : folder.resolve(prefix);
    }

    /**
     * Returns the file of a role.
     *
     * @throws DatasetException if there is none, or something else of its name
     */
    Path require(Role role) {
        Path file = files.get(role);
        if (file == null) {
            throw new DatasetException("There is no " + (prefix.isEmpty() ? "" : prefix + "-") + role.usual()
                    + " (or .gz) in " + folder + "; the data set is not complete: fetch it again.");
        }
        return RegularFile.require(file);
    }
}
