package io.github.kib4j.cuda;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where NVIDIA's libraries may lie on this machine: places, best first. A place is what was installed together: its libraries fit
 * each other.
 *
 * @param own folders that the user named, which come before all places
 * @param installed places of Python's wheels and of toolkits
 * @param system what the system's linker finds; the driver is nowhere else
 */
record CudaPlaces(List<Path> own, List<List<Path>> installed, List<Path> system) {
    /** Folders that the user names, separated by colons. */
    static final String VARIABLE = "KIB_CUDA_LIBRARIES";

    private static final List<String> SYSTEM = List.of(
            "usr/lib/x86_64-linux-gnu",
            "usr/lib64",
            "usr/lib",
            "usr/lib/wsl/lib",
            "usr/local/nvidia/lib64",
            "run/opengl-driver/lib");
    private static final List<String> TOOLKIT = List.of("lib64", "targets/x86_64-linux/lib", "lib");

    /**
     * {@return the places of a machine}
     *
     * @param environment variables
     * @param linkPath JavaCPP's own list of folders; null if the user has given none
     * @param root of the file system
     */
    static CudaPlaces of(Map<String, String> environment, @Nullable String linkPath, Path root) {
        List<Path> own = new ArrayList<>(
                folders(linkPath).stream().filter(Files::isDirectory).toList());
        own.addAll(folders(environment.get(VARIABLE)));
        List<List<Path>> installed = new ArrayList<>();
        for (Path prefix : pythons(environment, root)) {
            sites(prefix).map(CudaPlaces::wheels).forEach(installed::add);
            installed.add(List.of(prefix.resolve("lib"))); // Conda's own packages
        }
        for (Path toolkit : toolkits(environment, root)) {
            installed.add(TOOLKIT.stream().map(toolkit::resolve).toList());
        }
        Set<Path> system = new LinkedHashSet<>(folders(environment.get("LD_LIBRARY_PATH")));
        Map<String, Path> cache = LinkerCache.read(root.resolve("etc/ld.so.cache"));
        for (CudaLibrary library : CudaLibrary.values()) {
            Optional.ofNullable(cache.get(library.file())).map(Path::getParent).ifPresent(system::add);
        }
        SYSTEM.forEach(folder -> system.add(root.resolve(folder)));
        return new CudaPlaces(own, installed, List.copyOf(system));
    }

    /** {@return the sentence on a folder that the user named and that does not exist; empty if all do} */
    Optional<String> problem() {
        return own.stream()
                .filter(folder -> !Files.isDirectory(folder))
                .findFirst()
                .map(folder -> VARIABLE + " names " + folder + ", which is no folder; set it to folders with NVIDIA's"
                        + " libraries, or unset it.");
    }

    private static List<Path> folders(@Nullable String list) {
        List<Path> folders = new ArrayList<>();
        for (String folder : list == null ? new String[0] : list.split(":", -1)) {
            try {
                if (!folder.isBlank()) {
                    folders.add(Path.of(folder).toAbsolutePath());
                }
            } catch (InvalidPathException e) {
                // what is no path is no folder
            }
        }
        return folders;
    }

    /** Returns the folders under which Pythons are installed, without running one. */
    private static Set<Path> pythons(Map<String, String> environment, Path root) {
        Set<Path> prefixes = new LinkedHashSet<>();
        prefixes.addAll(folders(environment.get("VIRTUAL_ENV")));
        prefixes.addAll(folders(environment.get("CONDA_PREFIX")));
        for (Path folder : folders(environment.get("PATH"))) {
            Path prefix = folder.getParent();
            if (prefix != null && Files.isExecutable(folder.resolve("python3"))) {
                prefixes.add(prefix);
            }
        }
        for (Path home : folders(environment.get("HOME"))) {
            prefixes.add(home.resolve(".local"));
            prefixes.addAll(matching(home, "{miniconda,miniforge,mambaforge,anaconda}3"));
        }
        prefixes.add(root.resolve("usr/local"));
        prefixes.add(root.resolve("usr"));
        prefixes.addAll(matching(root.resolve("opt"), "*"));
        return prefixes;
    }

    /** Returns the folders of a Python's packages, of the latest version first. */
    private static Stream<Path> sites(Path prefix) {
        return Stream.of("lib", "lib64")
                .flatMap(lib -> matching(prefix.resolve(lib), "python3*").stream())
                .flatMap(python -> Stream.of(python.resolve("site-packages"), python.resolve("dist-packages")))
                .filter(Files::isDirectory);
    }

    /** Returns the folders of NVIDIA's wheels among a Python's packages: those that hold a whole CUDA first. */
    private static List<Path> wheels(Path site) {
        Path nvidia = site.resolve("nvidia");
        return Stream.concat(matching(nvidia, "cu1?").stream(), matching(nvidia, "*").stream())
                .distinct()
                .map(wheel -> wheel.resolve("lib"))
                .toList();
    }

    private static Set<Path> toolkits(Map<String, String> environment, Path root) {
        Set<Path> toolkits = new LinkedHashSet<>();
        toolkits.addAll(folders(environment.get("CUDA_HOME")));
        toolkits.addAll(folders(environment.get("CUDA_PATH")));
        toolkits.add(root.resolve("usr/local/cuda"));
        toolkits.addAll(matching(root.resolve("usr/local"), "cuda-*"));
        toolkits.addAll(matching(root.resolve("opt"), "cuda*"));
        return toolkits;
    }

    /** Returns what a folder holds by a pattern, those with the highest numbers first; nothing where it cannot be read. */
    private static List<Path> matching(Path folder, String glob) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, glob)) {
            all.forEach(found::add);
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
        found.sort(Comparator.comparing(CudaPlaces::numbers, Arrays::compare)
                .reversed()
                .thenComparing(path -> path));
        return found;
    }

    /** Returns the numbers in a file's name: 3, 12 for python3.12. */
    private static int[] numbers(Path path) {
        return Stream.of(String.valueOf(path.getFileName()).split("[^0-9]+"))
                .filter(digits -> !digits.isEmpty() && digits.length() < 10)
                .mapToInt(Integer::parseInt)
                .toArray();
    }
}
