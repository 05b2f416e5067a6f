package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.datasets.ClassFolders.Part;
import io.github.kib4j.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Folders of images, one for each class: {@code DIR/train/CLASS/*} and {@code DIR/test/CLASS/*} (by any of the names of
 * {@link Role}), or {@code DIR/CLASS/*}, of which every tenth image of each class is then for testing.
 */
final class ImageFolder {
    private static final int EVERY = 10;
    private static final long LARGEST_SET = 1L << 30;
    private static final int MOST_NAMED = 10;

    private final Path folder;
    private final Selection selection;
    private final @Nullable ImageSize size;
    private final ClassFolders found = new ClassFolders();
    private final List<String> notes = new ArrayList<>();

    private ImageFolder(Path folder, Reading reading) {
        this.folder = folder;
        selection = reading.selection();
        size = reading.size();
    }

    /** What a folder of a folder is for, by its name in any case. */
    private enum Role {
        TRAIN("train", "training"),
        VALIDATION("val", "valid", "validation"),
        TEST("test", "testing");

        private final List<String> names;

        Role(String... names) {
            this.names = List.of(names);
        }

        private List<Path> of(List<Path> folders) {
            return folders.stream()
                    .filter(path -> names.contains(path.getFileName().toString().toLowerCase(Locale.ROOT)))
                    .toList();
        }
    }

    private record Labelled(Path file, int label) {}

    static Dataset read(Path folder, Reading wanted, Consumer<String> notes) {
        ImageFolder reading = new ImageFolder(folder, wanted);
        Dataset dataset = reading.read();
        reading.found.notes().forEach(notes);
        reading.notes.forEach(notes);
        return dataset;
    }

    private Dataset read() {
        List<Path> folders = ClassFolders.folders(folder);
        Map<Role, Path> parts = parts(folders);
        Path train = parts.get(Role.TRAIN);
        if (train == null) {
            return splitByCount(found.part(folder));
        }
        boolean validation = selection.validation() && parts.size() == Role.values().length;
        Path test = Objects.requireNonNull(
                parts.get(validation || !parts.containsKey(Role.TEST) ? Role.VALIDATION : Role.TEST));
        Part forTraining = found.part(train);
        Part forTesting = found.part(test);
        requireSameClasses(forTraining, forTesting);
        found.countFiles(folder);
        noteUnreadFolders(folders, train, test);
        return dataset(
                labelled(forTraining),
                labelled(forTesting),
                forTraining.names(),
                selection.validation() && !validation);
    }

    /** Returns the folders for training and for tests or validation; none if there are not both. */
    private Map<Role, Path> parts(List<Path> folders) {
        List<Path> train = Role.TRAIN.of(folders);
        if (!train.isEmpty() && train.size() == folders.size()) {
            throw new DatasetException("The folder " + folder + " has "
                    + train.get(0).getFileName()
                    + ", but no test, testing, val, valid or validation beside it; add one, or name " + train.get(0)
                    + ", of whose images every tenth is then for testing.");
        }
        Map<Role, Path> parts = new EnumMap<>(Role.class);
        for (Role role : Role.values()) {
            List<Path> own = role.of(folders);
            if (!own.isEmpty()) {
                parts.put(role, own.get(0));
            }
        }
        if (train.isEmpty() || parts.size() == 1) {
            return Map.of();
        }
        for (Role role : Role.values()) {
            List<Path> own = role.of(folders);
            if (own.size() > 1) {
                throw new DatasetException("The folders " + own.get(0) + " and " + own.get(1)
                        + " cannot both be the part for " + role.names.get(role.names.size() - 1)
                        + "; rename or move one.");
            }
        }
        return parts;
    }

    private void noteUnreadFolders(List<Path> folders, Path train, Path test) {
        String others = folders.stream()
                .filter(path -> !path.equals(train) && !path.equals(test))
                .map(path -> path.getFileName().toString())
                .collect(Collectors.joining(", "));
        if (!others.isEmpty()) {
            notes.add("Note: tests are on " + test + "; not read in " + folder + ": " + others + ".");
        }
    }

    private static void requireSameClasses(Part train, Part test) {
        if (!train.names().equals(test.names())) {
            throw new DatasetException("The folders " + train.folder() + " and " + test.folder()
                    + " have different classes: only the first has " + beyond(train, test) + ", only the second "
                    + beyond(test, train) + "; give both the same folders.");
        }
    }

    private static String beyond(Part part, Part other) {
        Set<String> known = new HashSet<>(other.names());
        return named(part.names().stream().filter(name -> !known.contains(name)).toList());
    }

    private static String named(List<String> classes) {
        return classes.isEmpty()
                ? "none"
                : classes.stream().limit(MOST_NAMED).map(FileFailure::printable).collect(Collectors.joining(", "))
                        + (classes.size() > MOST_NAMED ? " and " + (classes.size() - MOST_NAMED) + " more" : "");
    }

    private static List<Labelled> labelled(Part part) {
        return IntStream.range(0, part.names().size())
                .boxed()
                .flatMap(label -> part.images().get(label).stream().map(file -> new Labelled(file, label)))
                .toList();
    }

    private Dataset splitByCount(Part all) {
        List<Labelled> forTraining = new ArrayList<>();
        List<Labelled> forTesting = new ArrayList<>();
        List<String> untested = new ArrayList<>();
        for (int label = 0; label < all.names().size(); label++) {
            List<Path> images = all.images().get(label);
            for (int i = 0; i < images.size(); i++) {
                (i % EVERY == EVERY - 1 ? forTesting : forTraining).add(new Labelled(images.get(i), label));
            }
            if (images.size() < EVERY) {
                untested.add(all.names().get(label));
            }
        }
        if (forTesting.isEmpty()) {
            throw new DatasetException("The folder " + folder + " has no class with " + EVERY
                    + " images, of which one would be for testing; add images, or use train and test folders.");
        }
        if (!untested.isEmpty()) {
            notes.add("Note: no test image, for having fewer than " + EVERY + " images: " + named(untested) + ".");
        }
        return dataset(forTraining, forTesting, all.names(), selection.validation());
    }

    private Dataset dataset(List<Labelled> allTrain, List<Labelled> allTest, List<String> classes, boolean split) {
        List<Labelled> train = allTrain;
        List<Labelled> test = allTest;
        if (split) {
            Validation.Split indices = Validation.split("the folder " + folder, allTrain.size());
            train = Arrays.stream(indices.train()).mapToObj(allTrain::get).toList();
            test = Arrays.stream(indices.validation()).mapToObj(allTrain::get).toList();
        }
        train = share(train, selection.train(), classes.size());
        test = share(test, selection.test(), classes.size());
        Shape image = size == null ? ImageFile.read(train.get(0).file(), null).shape() : size.shape();
        ImageSet trainSet = load("folder train", train, image, classes);
        ImageSet testSet = load("folder test", test, image, classes);
        List<Double> half = Collections.nCopies(3, 0.5);
        return new Dataset("folder", trainSet, testSet, half, half, 0, false);
    }

    /**
     * Returns at most {@code limit} images, of each class its first and as many as of the others while it has them; 0 for all.
     * Order is kept.
     */
    private static List<Labelled> share(List<Labelled> all, int limit, int classes) {
        if (limit == 0 || limit >= all.size()) {
            return all;
        }
        int[] labels = all.stream().mapToInt(Labelled::label).toArray();
        return Arrays.stream(Selection.share(labels, classes, limit))
                .mapToObj(all::get)
                .toList();
    }

    private ImageSet load(String name, List<Labelled> files, Shape shape, List<String> classes) {
        int numbers = Math.toIntExact(shape.size());
        if ((long) numbers * files.size() > LARGEST_SET) {
            throw new DatasetException(
                    "The " + files.size() + " images beside " + files.get(0).file() + " of " + shape + " are more than "
                            + LARGEST_SET + " bytes; scale them down or take fewer.");
        }
        byte[] pixels = new byte[files.size() * numbers];
        int[] labels = new int[files.size()];
        for (int i = 0; i < files.size(); i++) {
            labels[i] = files.get(i).label();
            System.arraycopy(image(files.get(i).file(), shape), 0, pixels, i * numbers, numbers);
        }
        return new ImageSet(name, shape, pixels, labels, classes);
    }

    private byte[] image(Path file, Shape shape) {
        return size == null ? ImageFile.read(file, shape).pixels() : size.of(ImageFile.read(file, null));
    }
}
