package io.github.kib4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** What can be wrong with any file. */
enum Damage {
    MISSING(Damage::clear),
    EMPTY(file -> Files.write(file, new byte[0])),
    CUT_BY_ONE(bytes(all -> Arrays.copyOf(all, all.length - 1))),
    CUT_TO_HALF(bytes(all -> Arrays.copyOf(all, all.length / 2))),
    TWO_BYTES(bytes(all -> Arrays.copyOf(all, 2))),
    LONGER_BY_ONE(bytes(all -> Arrays.copyOf(all, all.length + 1))),
    NOISE(bytes(all -> noise(all.length - 1))),
    A_FOLDER(file -> {
        clear(file);
        Files.createDirectory(file);
    }),
    A_PIPE(file -> {
        clear(file);
        run("mkfifo", file.toString());
    }),
    A_LINK_TO_ITSELF(file -> {
        clear(file);
        Files.createSymbolicLink(file, file.getFileName());
    }),
    /** A file that Linux gives to its process alone, whose first byte cannot be read by anybody. */
    UNREADABLE(file -> {
        clear(file);
        Files.createSymbolicLink(file, Path.of("/proc/self/mem"));
    }),
    NO_PERMISSION(file -> {
        run("chmod", "000", file.toString());
        Assumptions.assumeFalse(Files.isReadable(file), "the superuser may read everything");
    });

    /** What is done to a file. */
    @FunctionalInterface
    interface Change {
        void to(Path file) throws IOException;

        /** Returns this change, and then another one. */
        default Change andThen(Change other) {
            return file -> {
                to(file);
                other.to(file);
            };
        }
    }

    private final Change change;

    Damage(Change change) {
        this.change = change;
    }

    void to(Path file) throws IOException {
        change.to(file);
    }

    /** Returns the change of a file's bytes. */
    static Change bytes(UnaryOperator<byte[]> change) {
        return file -> Files.write(file, change.apply(Files.readAllBytes(file)));
    }

    /** Returns the change of one byte. */
    static Change at(int index, int value) {
        return bytes(all -> {
            all[index] = (byte) value;
            return all;
        });
    }

    /** Deletes a file, or a folder and all in it. */
    private static void clear(Path path) throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private static byte[] noise(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static void run(String... command) throws IOException {
        try {
            int code = new ProcessBuilder(command).start().waitFor();
            Assumptions.assumeTrue(code == 0, String.join(" ", command));
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
