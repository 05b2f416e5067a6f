package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Folders with a folder of images for each class, looked through as torchvision's {@code ImageFolder} does: classes in the order
 * of their names' bytes, each one's images with those in folders below it, folder by folder, in the same order. Names that begin
 * with a dot, and {@code __MACOSX}, are hidden and passed over; other files are counted. No file is opened.
 */
final class ClassFolders {
    private static final int MOST_NAMED = 5;

    private final Map<String, Integer> unread = new TreeMap<>();
    private Path example = Path.of("");

    /**
     * The images of one part of a data set.
     *
     * @param names of the classes
     * @param images of each class
     */
    record Part(Path folder, List<String> names, List<List<Path>> images) {}

    /**
     * Finds the images of each class.
     *
     * @throws DatasetException if there are fewer than two classes, or one has no image
     */
    Part part(Path folder) {
        List<Path> classes = folders(folder);
        if (classes.size() < 2) {
            throw new DatasetException("The folder " + folder
                    + " needs a folder of images for each of at least 2 classes, but has " + classes.size() + ".");
        }
        countFiles(folder);
        return new Part(
                folder,
                classes.stream().map(path -> path.getFileName().toString()).toList(),
                classes.stream().map(this::images).toList());
    }

    /** Returns the folders in a folder that are not hidden. */
    static List<Path> folders(Path folder) {
        List<Path> entries = visible(folder);
        entries.stream().filter(entry -> !Files.exists(entry)).findFirst().ifPresent(entry -> {
            throw new DatasetException(entry + " is " + RegularFile.other(entry)
                    + ", so that it is unknown whether it is a class; remove or mend it.");
        });
        return entries.stream().filter(Files::isDirectory).toList();
    }

    /** Counts the files that lie beside folders, where no image is looked for. */
    void countFiles(Path folder) {
        visible(folder).stream().filter(entry -> !Files.isDirectory(entry)).forEach(this::count);
    }

    private void count(Path file) {
        if (unread.isEmpty()) {
            example = file;
        }
        String ending = ImageFile.ending(file);
        unread.merge(ending.isEmpty() ? "without an ending" : "." + ending, 1, Integer::sum);
    }

    /** Returns what files were passed over, in a sentence; nothing if none was. */
    List<String> notes() {
        if (unread.isEmpty()) {
            return List.of();
        }
        int files = unread.values().stream().mapToInt(Integer::intValue).sum();
        String kinds = unread.entrySet().stream()
                .map(kind -> kind.getValue() + " " + kind.getKey())
                .limit(MOST_NAMED)
                .collect(Collectors.joining(", "));
        return List.of("Note: " + count(files, "file") + " not read, being no " + ImageFile.FORMATS
                + " image in a class's folder: " + kinds + (unread.size() > MOST_NAMED ? ", ..." : "")
                + "; for example " + example + ".");
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? " is" : "s are");
    }

    private static boolean isHidden(Path path) {
        String name = String.valueOf(path.getFileName());
        return name.startsWith(".") || name.equals("__MACOSX");
    }

    private static List<Path> visible(Path folder) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) { // to list a pipe is to wait for its writer
            throw unreadable(folder, new NotDirectoryException(folder.toString()));
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> !isHidden(entry)).sorted().toList();
        } catch (IOException e) {
            throw unreadable(folder, e);
        } catch (UncheckedIOException e) {
            throw unreadable(folder, Objects.requireNonNull(e.getCause()));
        }
    }

    /** Returns the images in a class's folder and below. */
    private List<Path> images(Path folder) {
        Map<Path, List<Path>> found = new TreeMap<>(); // by folder, as Python's sorted(os.walk(...)) has them
        List<Path> others = new ArrayList<>();
        try {
            Files.walkFileTree(
                    folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(Path below, BasicFileAttributes attributes) {
                            if (below.equals(folder)) {
                                return FileVisitResult.CONTINUE;
                            }
                            if (isHidden(below)) {
                                return FileVisitResult.SKIP_SUBTREE;
                            }
                            if (ImageFile.isNamedSo(below)) {
                                RegularFile.require(below);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                            if (!isHidden(file) && ImageFile.isNamedSo(file)) {
                                found.computeIfAbsent(file.getParent(), parent -> new ArrayList<>())
                                        .add(RegularFile.require(file));
                            } else if (!isHidden(file)) {
                                others.add(file);
                            }
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (FileSystemLoopException e) {
            throw new DatasetException(
                    e.getFile() + " is a link to a folder that it lies in; remove it, or the class would never end.",
                    e);
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
        Collections.sort(others);
        others.forEach(this::count);
        if (found.isEmpty()) {
            throw new DatasetException("The class folder " + folder + " has no " + ImageFile.FORMATS + " image in it"
                    + (others.isEmpty() ? "" : " (" + count(others.size(), "other file") + " there)")
                    + "; put images there, or remove it.");
        }
        return found.values().stream().flatMap(files -> files.stream().sorted()).toList();
    }

    private static DatasetException unreadable(Path folder, IOException cause) {
        return new DatasetException(
                "The folder " + folder + " cannot be read (" + FileFailure.reason(cause)
                        + "); name a folder with a folder of images for each class.",
                cause);
    }
}
