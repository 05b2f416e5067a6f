package io.github.kib4j.datasets;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Where files of published data sets are. */
final class PublishedFiles {
    private PublishedFiles() {}

    /** Returns the folder or archive with a set's files, if one of them is at this place. */
    static Optional<Path> filesAt(Published set, Path place) {
        if (set.isIdx()) {
            return idx(set, place).map(IdxFiles::folder);
        }
        if (Files.isRegularFile(place)) {
            return isArchive(place) ? Optional.of(place) : Optional.empty();
        }
        Cifar cifar = cifar(set);
        return Stream.concat(Stream.of(place), set.folders().stream().map(place::resolve))
                .filter(cifar::isFolder)
                .findFirst()
                .or(() -> set.archives().stream()
                        .map(place::resolve)
                        .filter(RegularFile::isNamed)
                        .findFirst());
    }

    /** Returns the files of a set like MNIST that are at this place, or in its {@code raw}. */
    static Optional<IdxFiles> idx(Published set, Path place) {
        return Stream.of(place, place.resolve("raw"))
                .flatMap(folder -> IdxFiles.in(folder).stream())
                .filter(files -> files.prefix().isEmpty() || files.prefix().equals(set.title()))
                .findFirst();
    }

    static Cifar cifar(Published set) {
        return new Cifar(set == Published.CIFAR100, set.classNames());
    }

    /** Returns whether a file begins as gzipped ones do, or as archives of tar. */
    static boolean isArchive(Path file) {
        return Bytes.isZipped(file) || Bytes.isTar(file);
    }
}
