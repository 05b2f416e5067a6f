package io.github.kib4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a folder holds, to see that nothing was written, changed or lost. */
final class FolderContent {
    private FolderContent() {}

    /** Returns everything below a folder, but locks, with a hash of what a file holds. */
    static Map<String, Integer> of(Path folder) throws IOException {
        Map<String, Integer> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.filter(path -> !path.endsWith("run.lock")).toList()) {
                found.put(path.toString(), hash(path));
            }
        }
        return found;
    }

    private static int hash(Path path) throws IOException {
        if (Files.isSymbolicLink(path)) {
            return Files.readSymbolicLink(path).hashCode();
        }
        boolean readable = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) && Files.isReadable(path);
        return readable ? java.util.Arrays.hashCode(Files.readAllBytes(path)) : 0;
    }
}
