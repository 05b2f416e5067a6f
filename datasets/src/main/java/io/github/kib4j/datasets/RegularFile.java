package io.github.kib4j.datasets;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Tells files from folders, pipes and links that lead nowhere, which must not be opened in their place. */
final class RegularFile {
    private RegularFile() {}

    /** Returns whether there is anything of this name. */
    static boolean isNamed(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Returns the file.
     *
     * @throws DatasetException if there is something else of its name
     */
    static Path require(Path file) {
        if (Files.isRegularFile(file)) {
            return file;
        }
        String found = Files.isDirectory(file) ? "a folder" : other(file);
        throw new DatasetException(file + " must be a file, but is " + found + "; put the file there.");
    }

    /** Returns what a path is that is neither a file nor a folder. */
    static String other(Path path) {
        return Files.exists(path) ? "a pipe or device" : "a link that leads nowhere";
    }
}
