package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.train.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** What computes: for the record of a run. */
final class Machine {
    private final Path root;

    /** Looks at the system's files below a root; {@code /} for the real ones. */
    Machine(Path root) {
        this.root = root;
    }

    /** Puts version, commit, Java, host, processor and number of processors. */
    ObjectNode describe(ObjectNode into) {
        return into.put("version", Version.NUMBER)
                .put("commit", Version.COMMIT)
                .put("java", System.getProperty("java.version"))
                .put("host", host())
                .put("processor", processor())
                .put("processors", Runtime.getRuntime().availableProcessors());
    }

    private String host() {
        return firstLine("proc/sys/kernel/hostname", "").orElse("unknown");
    }

    private String processor() {
        return firstLine("proc/cpuinfo", "model name")
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse(System.getProperty("os.arch", "unknown"));
    }

    private Optional<String> firstLine(String file, String start) {
        try (Stream<String> lines = Files.lines(root.resolve(file), StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith(start)).findFirst();
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.empty();
        }
    }
}
