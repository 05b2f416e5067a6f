package io.github.kib4j.cuda;

import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;

/**
 * Opens the door in a process of its own, where nothing was loaded before, and says what it found; the argument is the root of the
 * file system in which it looks.
 */
final class DoorProbe {
    private DoorProbe() {}

    public static void main(String[] arguments) {
        Loader.loadProperties(); // as another backend does, before the door
        String linkPath = System.getProperty("org.bytedeco.javacpp.platform.linkpath");
        CudaLibraries libraries = CudaLibraries.open(CudaPlaces.of(System.getenv(), linkPath, Path.of(arguments[0])));
        libraries
                .found()
                .forEach(part -> System.out.println(
                        part.name() + " | " + part.version() + " | " + part.path() + " | " + part.problem()));
        System.exit(libraries.firstProblem().isEmpty() ? 0 : 1);
    }
}
