package io.github.kib4j.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which of the libraries that a machine has are taken: never a mixture of two installations where one has all.
 *
 * @param folders where each library that was found lies
 */
record CudaChoice(Map<CudaLibrary, Path> folders) {
    /**
     * Chooses: what lies in the user's own folders; else all from the first place that has all; else CUDA from the first that has
     * CUDA, and cuDNN from the first that has cuDNN; else each from the first that has it.
     *
     * @param places where libraries may lie
     */
    static CudaChoice of(CudaPlaces places) {
        Map<CudaLibrary, Path> folders = new LinkedHashMap<>();
        Set<CudaLibrary> installed = EnumSet.range(CudaLibrary.RUNTIME, CudaLibrary.DNN);
        for (CudaLibrary library : CudaLibrary.values()) {
            takeTogether(Set.of(library), List.of(places.own()), folders);
        }
        takeTogether(Set.of(CudaLibrary.DRIVER), List.of(places.system()), folders);
        List<List<Path>> all = new ArrayList<>(places.installed());
        all.add(places.system());
        takeTogether(installed, all, folders);
        takeTogether(EnumSet.range(CudaLibrary.RUNTIME, CudaLibrary.BLAS), all, folders);
        for (CudaLibrary library : installed) {
            takeTogether(Set.of(library), all, folders);
        }
        for (CudaLibrary library : installed) { // to say of a part what it lacks
            Stream.concat(places.own().stream(), all.stream().flatMap(List::stream))
                    .filter(folder -> Files.isReadable(folder.resolve(library.file())))
                    .findFirst()
                    .ifPresent(folder -> folders.putIfAbsent(library, folder));
        }
        return new CudaChoice(folders);
    }

    /** Takes what is missing of those wanted from the first place that has all of them as a whole, if one has. */
    private static void takeTogether(Set<CudaLibrary> wanted, List<List<Path>> places, Map<CudaLibrary, Path> folders) {
        for (List<Path> place : places) {
            Map<CudaLibrary, Path> found = new EnumMap<>(CudaLibrary.class);
            for (CudaLibrary library : wanted) {
                place.stream()
                        .filter(folder -> missing(library, folder).isEmpty())
                        .findFirst()
                        .ifPresent(folder -> found.put(library, folder));
            }
            if (found.keySet().containsAll(wanted) || folders.keySet().containsAll(wanted)) {
                found.forEach(folders::putIfAbsent);
                return;
            }
        }
    }

    /** Returns what a library lacks in a folder, if anything. */
    private static Optional<String> missing(CudaLibrary library, Path folder) {
        return library.files().stream()
                .filter(file -> !Files.isReadable(folder.resolve(file)))
                .findFirst();
    }

    /** {@return where a library's file lies; empty if it was not found} */
    Optional<Path> file(CudaLibrary library) {
        return Optional.ofNullable(folders.get(library)).map(folder -> folder.resolve(library.file()));
    }

    /** {@return all files of a library that was found, in the order in which they are loaded} */
    List<Path> files(CudaLibrary library) {
        return Optional.ofNullable(folders.get(library)).stream()
                .flatMap(folder -> library.files().stream().map(folder::resolve))
                .toList();
    }

    /** {@return the sentence on a library that is not there as a whole; empty if it is} */
    Optional<String> problem(CudaLibrary library) {
        Path folder = folders.get(library);
        if (folder == null) {
            return Optional.of(
                    "there is no " + article(library) + " here (" + library.file() + "); " + library.remedy() + ".");
        }
        return missing(library, folder)
                .map(file -> library.title() + " in " + folder + " is not whole (it has no " + file + "); "
                        + library.remedy() + ".");
    }

    private static String article(CudaLibrary library) {
        return switch (library) {
            case DRIVER -> "NVIDIA driver";
            case RUNTIME -> "CUDA runtime";
            default -> library.title();
        };
    }

    /** {@return the folders that JavaCPP is to look into: the user's own first} The driver's holds what else the system has. */
    List<Path> linkPath() {
        return folders.keySet().stream()
                .filter(library -> library != CudaLibrary.DRIVER)
                .map(folders::get)
                .distinct()
                .toList();
    }
}
