package io.github.kib4j.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Loader;

/**
 * The one door to NVIDIA's libraries. It finds the driver, the CUDA runtime, cuBLAS and cuDNN (in the user's own folders, Python's
 * wheels, toolkits, the system), loads what fits together, in the order in which each finds what it needs, and says of each which
 * version it is and where it lies, or what is missing.
 *
 * <p>No class of {@code org.bytedeco.cuda.global} may be touched before {@link #load} has returned: without a driver the first touch
 * fails, and every later one too, for as long as the process lives.
 */
final class CudaLibraries {
    /** JavaCPP's property of the folders in which it looks for libraries, and its prefix on the command line of Java. */
    private static final String LINK_PATH = "platform.linkpath";

    private static final String JAVACPP = "org.bytedeco.javacpp.";

    /** cuDNN opens it by its name, wherever it lies, where an engine is compiled at run time. */
    private static final String COMPILER = "libnvrtc.so.13";

    private final List<CudaPart> parts = new ArrayList<>();

    private CudaLibraries() {}

    /** What was found at the first question: libraries are loaded once in a process. */
    private static final class Found {
        static final CudaLibraries HERE =
                open(CudaPlaces.of(System.getenv(), System.getProperty(JAVACPP + LINK_PATH), Path.of("/")));
    }

    /**
     * Loads the libraries; all later calls do nothing.
     *
     * @throws CudaException if one is missing or does not fit; the message is {@link #problem}
     */
    static void load() {
        problem().ifPresent(problem -> {
            throw new CudaException(problem, false);
        });
    }

    /** {@return why the libraries cannot be used here, and what to install, in one sentence; empty if they are loaded} */
    static Optional<String> problem() {
        return Found.HERE.firstProblem();
    }

    /** {@return what was found of each library, in the order of {@link CudaLibrary}} */
    static List<CudaPart> parts() {
        return List.copyOf(Found.HERE.parts);
    }

    /** {@return the first problem of a library, if one has any} */
    Optional<String> firstProblem() {
        return parts.stream().map(CudaPart::problem).filter(Objects::nonNull).findFirst();
    }

    /** {@return what was found, of these} */
    List<CudaPart> found() {
        return List.copyOf(parts);
    }

    /** Finds and loads what lies in these places; once in a process. */
    static CudaLibraries open(CudaPlaces places) {
        CudaLibraries libraries = new CudaLibraries();
        CudaChoice choice = CudaChoice.of(places);
        Optional<String> ofAll = platform().or(places::problem); // told once, of the first
        for (CudaLibrary library : CudaLibrary.values()) {
            boolean first = library == CudaLibrary.DRIVER;
            libraries.add(library, choice, ofAll.isPresent() && first ? ofAll : choice.problem(library));
        }
        return libraries;
    }

    /** Loads a library where those before are well, and keeps what became of it. */
    private void add(CudaLibrary library, CudaChoice choice, Optional<String> found) {
        String path = choice.file(library).map(Path::toString).orElse(null);
        Optional<String> problem = found;
        if (problem.isEmpty() && firstProblem().isEmpty()) {
            try {
                load(library, choice);
                parts.add(new CudaPart(library.title(), null, mapped(choice, library), null));
                switch (library) { // whom each is asked through
                    case DRIVER, BLAS_LT -> {}
                    case RUNTIME -> {
                        examine(CudaLibrary.RUNTIME);
                        examine(CudaLibrary.DRIVER);
                    }
                    case BLAS -> {
                        examine(CudaLibrary.BLAS_LT);
                        examine(CudaLibrary.BLAS);
                    }
                    case DNN -> examine(CudaLibrary.DNN);
                }
                return;
            } catch (LinkageError | RuntimeException e) {
                problem = Optional.of(library.title() + " in " + path + " does not load (" + reason(e) + "); "
                        + library.remedy() + ".");
                parts.removeIf(part -> part.name().equals(library.title()));
            }
        }
        parts.add(new CudaPart(library.title(), null, path, problem.orElse(null)));
    }

    /** Asks a loaded library for its version. */
    private void examine(CudaLibrary library) {
        CudaVersions.Version version = CudaVersions.of(library);
        CudaPart part = parts.get(library.ordinal());
        String problem = version.problem().isEmpty()
                ? null
                : library.title() + " in " + part.path() + " does not fit (" + version.problem() + "); "
                        + library.remedy() + ".";
        parts.set(library.ordinal(), new CudaPart(part.name(), version.number(), part.path(), problem));
    }

    private static Optional<String> platform() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch", "");
        return system.contains("linux") && processor.equals("amd64")
                ? Optional.empty()
                : Optional.of("its native libraries are for Linux on x86-64, but this is " + system + " on " + processor
                        + "; the devices of this machine are others.");
    }

    /**
     * Loads a library's files by their paths, and then JavaCPP's part: one that fails is known by that, while JavaCPP would go on to
     * another of the name, of another CUDA perhaps. What is loaded is found by its name by those that need it.
     */
    private static void load(CudaLibrary library, CudaChoice choice) {
        if (library == CudaLibrary.DNN) {
            loadCompiler(choice.linkPath());
        }
        for (Path file : choice.files(library)) {
            System.load(file.toString());
        }
        switch (library) {
            case DRIVER -> lookInto(choice.linkPath());
            case RUNTIME -> Loader.load(cudart.class);
            case BLAS_LT -> {} // JavaCPP's part of cuBLAS is its, too
            case BLAS -> Loader.load(cublas.class);
            case DNN -> Loader.load(cudnn.class);
        }
    }

    /**
     * Tells JavaCPP where to look. It reads the property once, at its first use in the process, which was perhaps another
     * backend's: so it is put where that was read to as well.
     */
    private static void lookInto(List<Path> folders) {
        String path = Stream.concat(
                        Stream.ofNullable(System.getProperty(JAVACPP + LINK_PATH)),
                        folders.stream().map(Path::toString))
                .flatMap(list -> Stream.of(list.split(":")))
                .distinct()
                .collect(Collectors.joining(":"));
        System.setProperty(JAVACPP + LINK_PATH, path);
        Loader.loadProperties().setProperty(LINK_PATH, path);
    }

    private static void loadCompiler(List<Path> folders) {
        for (Path folder : folders) {
            if (Files.isReadable(folder.resolve(COMPILER))) {
                try {
                    System.load(folder.resolve(COMPILER).toString());
                } catch (UnsatisfiedLinkError e) {
                    continue; // cuDNN looks for it itself, and does without
                }
                return;
            }
        }
    }

    /** Returns the file of a loaded library, links followed, by what Linux says of this process. */
    private static String mapped(CudaChoice choice, CudaLibrary library) {
        Path file = choice.file(library).orElseThrow();
        try {
            String real = file.toRealPath().toString();
            String stem = "/" + library.file().substring(0, library.file().indexOf(".so")) + ".so";
            List<String> paths = Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.UTF_8).stream()
                    .filter(line -> line.contains(stem))
                    .map(line -> line.substring(line.indexOf('/')))
                    .toList();
            return paths.contains(real) || paths.isEmpty() ? real : paths.get(0);
        } catch (IOException e) {
            return file.toString();
        }
    }

    private static String reason(Throwable e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return String.valueOf(cause.getMessage()).strip().replaceAll("\\s+", " ");
    }
}
