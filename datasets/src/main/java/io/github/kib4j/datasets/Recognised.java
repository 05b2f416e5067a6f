package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What lies at a place, told by what is there.
 *
 * @param dataset the data set's name
 * @param place where it lies: the folder or archive that was named, or a folder below
 * @param how by what it was told, in words
 */
public record Recognised(String dataset, Path place, String how) {
    static final String FOLDER = "folder";
    static final String IDX = "idx";
    static final String CSV = "csv";
    static final String NPY = "npy";
    static final String STL10 = "stl10";

    private static final int SHOWN = 5;
    /** Folders of images that may lie between a place and its images: a part, a class, one below it. */
    private static final int DEPTH = 4;

    /** {@return one sentence for people} */
    @Override
    public String toString() {
        return "The data set in " + place + " is " + dataset + ": " + how + ".";
    }

    static Recognised at(Path place) {
        List<Recognised> found = new ArrayList<>();
        for (Published set : List.of(Published.CIFAR10, Published.CIFAR100)) {
            PublishedFiles.filesAt(set, place)
                    .filter(source -> Files.isDirectory(source)
                            || PublishedFiles.cifar(set).isArchive(source))
                    .ifPresent(source -> found.add(new Recognised(set.title(), place, "by the names of its files")));
        }
        Stl10.folder(place).ifPresent(folder -> found.add(new Recognised(STL10, place, "by the names of its files")));
        IdxFiles.at(place).forEach(files -> found.add(likeMnist(files)));
        if (found.isEmpty() && hasImages(place)) {
            found.add(new Recognised(FOLDER, place, "it has images in folders"));
        }
        if (found.isEmpty() && CsvSet.isAt(place)) {
            found.add(new Recognised(CSV, place, "by the name of its table"));
        }
        if (found.isEmpty() && NpySet.isAt(place)) {
            found.add(new Recognised(NPY, place, "it has arrays of numpy's"));
        }
        if (found.size() == 1) {
            return found.get(0);
        }
        throw found.isEmpty() ? nothing(place) : several(place, found);
    }

    /** MNIST and its kin look alike: their training images and labels tell, or the folder that torchvision keeps them in. */
    private static Recognised likeMnist(IdxFiles files) {
        for (Published set : Published.values()) {
            if (set.isIdx() && files.prefix().isEmpty()) {
                List<Comparison> compared =
                        Comparison.of(set, files, IdxFiles.Role.TRAIN_IMAGES, IdxFiles.Role.TRAIN_LABELS);
                boolean same = compared.stream()
                        .allMatch(one -> one.verdict() == Comparison.Verdict.PUBLISHED
                                || one.verdict() == Comparison.Verdict.SAME_CONTENT);
                if (same && compared.size() == 2) {
                    return new Recognised(set.title(), files.folder(), "the training images and labels are its");
                }
                boolean unknown = compared.stream().allMatch(one -> one.verdict() == Comparison.Verdict.UNKNOWN);
                if (unknown && set.folders().stream().anyMatch(files.folder()::endsWith)) {
                    return new Recognised(set.title(), files.folder(), "by the name of the folder");
                }
            }
        }
        return new Recognised(IDX, files.place(), "it has files like MNIST's");
    }

    private static boolean hasImages(Path place) {
        if (!Files.isDirectory(place)) {
            return false;
        }
        try (Stream<Path> below = Files.walk(place, DEPTH)) {
            return below.filter(path -> path.getNameCount() >= place.getNameCount() + 2)
                    .anyMatch(path -> ImageFile.isNamedSo(path)
                            && !path.getFileName().toString().startsWith("."));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    private static DatasetException several(Path place, List<Recognised> found) {
        return new DatasetException("There are several data sets in " + place + ": "
                + found.stream()
                        .map(one -> one.dataset() + " in " + one.place())
                        .collect(Collectors.joining(", "))
                + "; name one.");
    }

    private static DatasetException nothing(Path place) {
        if (!RegularFile.isNamed(place)) {
            return new DatasetException("There is no " + place + "; name a folder or archive that is there.");
        }
        return new DatasetException("What data set is in " + place + " cannot be told (it " + holds(place)
                + "); there should be CIFAR's files or archive, STL-10's or files like MNIST's, a table (.csv), arrays of numpy's (.npy,"
                + " .npz), or a folder of images for each class.");
    }

    private static String holds(Path place) {
        if (!Files.isDirectory(place)) {
            return "is " + (Files.isRegularFile(place) ? "a file of another kind" : RegularFile.other(place));
        }
        try (Stream<Path> entries = Files.list(place)) {
            List<String> names = entries.map(entry -> entry.getFileName().toString())
                    .sorted()
                    .toList();
            String shown = names.stream().limit(SHOWN).collect(Collectors.joining(", "));
            return names.isEmpty()
                    ? "is empty"
                    : "has " + shown + (names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "");
        } catch (IOException e) {
            return "cannot be read: " + FileFailure.reason(e);
        }
    }
}
