package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.train.CheckpointException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.Stream;

/** A run's folder: {@code config.toml, run.json, metrics.jsonl, metrics.csv, checkpoint/}. */
final class RunFolder {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;

    RunFolder(Path folder) {
        this.folder = folder;
    }

    Path path() {
        return folder;
    }

    Path checkpoint() {
        return folder.resolve("checkpoint");
    }

    Path config() {
        return folder.resolve("config.toml");
    }

    private Path metrics() {
        return folder.resolve("metrics.jsonl");
    }

    /** Refuses to begin a new run in a folder that holds anything, is none, or cannot be made. */
    void checkNew() throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> entries = Files.list(folder)) {
                if (entries.findAny().isPresent()) {
                    throw new UsageException("The folder " + folder + " is not empty; continue its run with --resume "
                            + folder + ", or choose another --out.");
                }
            }
        }
        Path existing = folder.toAbsolutePath();
        while (existing.getParent() != null && !Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
            existing = existing.getParent();
        }
        if (!Files.isDirectory(existing)) {
            throw new UsageException(
                    existing + " is a file, so that --out " + folder + " cannot be a folder; choose another --out.");
        }
        if (!Files.isWritable(existing)) {
            throw new AccessDeniedException(existing.toString());
        }
    }

    /** Creates the folder and writes the run's settings. What a run that never saved left there is dropped. */
    void create(Settings settings) throws IOException {
        Files.createDirectories(folder);
        writeWhole(config(), settings.toToml());
        Files.deleteIfExists(metrics());
    }

    /** Replaces a file in one step, so that it is never half written. */
    static void writeWhole(Path file, String text) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(temporary, text);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Adds an epoch's line. It is written before the epoch's checkpoint, so that no saved epoch lacks its line. */
    void append(ObjectNode epoch) throws IOException {
        Files.writeString(
                metrics(), JSON.writeValueAsString(epoch) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        writeCsv();
    }

    /** Drops the lines after an epoch: of epochs that were not saved. */
    void keepEpochs(int epochs) throws IOException {
        List<String> lines = Files.exists(metrics()) ? Files.readAllLines(metrics()) : List.of();
        if (lines.size() < epochs) {
            throw new CheckpointException("The file " + metrics() + " has " + lines.size()
                    + " epochs, but the checkpoint " + epochs + "; restore the file, or start a new run.");
        }
        StringBuilder kept = new StringBuilder();
        lines.subList(0, epochs).forEach(line -> kept.append(line).append('\n'));
        writeWhole(metrics(), kept.toString());
        writeCsv();
    }

    /** Returns the epochs' lines. */
    List<JsonNode> epochs() throws IOException {
        List<JsonNode> epochs = new ArrayList<>();
        for (String line : Files.readAllLines(metrics())) {
            epochs.add(JSON.readTree(line));
        }
        return epochs;
    }

    private void writeCsv() throws IOException {
        StringBuilder csv = new StringBuilder();
        for (JsonNode epoch : epochs()) {
            if (csv.length() == 0) {
                csv.append(header(epoch)).append('\n');
            }
            StringJoiner row = new StringJoiner(",");
            epoch.forEach(value -> {
                if (value.isArray()) {
                    value.forEach(loss -> row.add(loss.asText()));
                } else {
                    row.add(value.asText());
                }
            });
            csv.append(row).append('\n');
        }
        writeWhole(folder.resolve("metrics.csv"), csv.toString());
    }

    private static String header(JsonNode epoch) {
        StringJoiner header = new StringJoiner(",");
        epoch.fieldNames().forEachRemaining(name -> {
            JsonNode value = epoch.get(name);
            for (int i = 0; i < value.size(); i++) {
                header.add(name + "_" + (i + 1));
            }
            if (!value.isArray()) {
                header.add(name);
            }
        });
        return header.toString();
    }

    void writeRun(ObjectNode run) throws IOException {
        writeJson("run.json", run);
    }

    void writeJson(String name, JsonNode content) throws IOException {
        writeWhole(folder.resolve(name), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
    }

    /** Returns the largest amount of memory this process has had, in bytes; 0 where the system does not tell. */
    static long peakResidentBytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    static String percent(double value) {
        return String.format(Locale.ROOT, "%.2f %%", value);
    }
}
