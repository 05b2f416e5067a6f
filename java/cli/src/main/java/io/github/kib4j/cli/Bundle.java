package io.github.kib4j.cli;

import io.github.kib4j.experiment.UsageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A folder that runs kib where there is no Java: {@code runtime/}, {@code jars/} and the script {@code kib}. It is made beside its
 * place and appears whole, by a rename: what stops it leaves nothing.
 *
 * @param classPath the program
 * @param java makes the runtime
 */
record Bundle(ClassPath classPath, JavaRuntime java) {
    private static final String SCRIPT = "kib";
    private static final int TRIES = 40;
    private static final long PAUSE = 50;

    /** Makes the bundle and returns its size in bytes. */
    long make(Path folder) throws IOException {
        Path target = folder.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null || (Files.exists(target) && !isEmptyFolder(target))) {
            throw new UsageException(
                    folder + " exists and is not an empty folder; name another one for the bundle, or remove it.");
        }
        Files.createDirectories(parent);
        Path work = Files.createTempDirectory(parent, "." + target.getFileName() + "-");
        Thread cleaner = new Thread(() -> deleteWhileWritten(work)); // for Ctrl-C
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            fill(work);
            long bytes = size(work);
            Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.deleteIfExists(target);
            Files.move(work, target, StandardCopyOption.ATOMIC_MOVE);
            return bytes;
        } finally {
            delete(work);
            forget(cleaner);
        }
    }

    private static boolean isEmptyFolder(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.findAny().isEmpty();
        }
    }

    private void fill(Path work) throws IOException {
        java.make(work.resolve("runtime"));
        classPath.copyTo(Files.createDirectory(work.resolve("jars")));
        Path script = work.resolve(SCRIPT);
        try (InputStream in = Objects.requireNonNull(Bundle.class.getResourceAsStream("bundle-" + SCRIPT))) {
            Files.copy(in, script);
        }
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static long size(Path folder) throws IOException {
        long sum = 0;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                sum += Files.size(file);
            }
        }
        return sum;
    }

    private static void forget(Thread cleaner) {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // Java is ending, and the cleaner at work
        }
    }

    /** Deletes a folder that another thread still writes into, which then fails and ends. */
    private static void deleteWhileWritten(Path folder) {
        for (int i = 0; i < TRIES && Files.exists(folder); i++) {
            delete(folder);
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Deletes what is left of a folder, as far as that can be. */
    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // what stopped the bundle is said already
        }
    }
}
