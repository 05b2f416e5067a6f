package io.github.kib4j.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.files.DurableFiles;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A run's folder: {@code config.toml, run.json, metrics.jsonl, metrics.csv, checkpoint/, run.lock}; of a run of several rules,
 * {@code config.toml, run.json, summary.json, run.lock} and such a folder for each rule.
 */
public final class RunFolder implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LOCK = "run.lock";

    private final Path folder;
    private @Nullable RunLock lock;

    public RunFolder(Path folder) {
        this.folder = folder;
    }

    public Path path() {
        return folder;
    }

    public Path checkpoint() {
        return folder.resolve("checkpoint");
    }

    public Path config() {
        return folder.resolve("config.toml");
    }

    private Path metrics() {
        return folder.resolve("metrics.jsonl");
    }

    private Path csv() {
        return folder.resolve("metrics.csv");
    }

    private Path run() {
        return folder.resolve("run.json");
    }

    private Path summary() {
        return folder.resolve("summary.json");
    }

    /**
     * Refuses to begin a new run in a folder that holds anything but what a killed process left of a beginning, is none, or
     * cannot be made.
     */
    public void checkNew() throws IOException {
        if (Files.isDirectory(folder) && !isBeginning()) {
            throw new UsageException("The folder " + folder + " is not empty; continue its run with "
                    + Invocation.of("train", "--resume", folder.toString()) + ", or choose another --out.");
        }
        checkCreatable();
    }

    /** Refuses a folder that is none, or cannot be made. */
    public void checkCreatable() throws IOException {
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

    private boolean isBeginning() throws IOException {
        Set<String> beginning = Set.of(LOCK, "config.toml.new", "run.json", "run.json.new", "checkpoint");
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.allMatch(
                            entry -> beginning.contains(entry.getFileName().toString()))
                    && (!Checkpoint.exists(checkpoint()) || Checkpoint.isAtStart(checkpoint()));
        }
    }

    /**
     * Makes a new folder, named as wanted or, where that is there already, with {@code -2}, {@code -3} and so on: of
     * processes that want the same name at once each gets its own.
     */
    public static Path claim(Path wanted) throws IOException {
        Files.createDirectories(wanted.toAbsolutePath().getParent());
        for (int i = 1; ; i++) {
            Path folder = i == 1 ? wanted : wanted.resolveSibling(wanted.getFileName() + "-" + i);
            try {
                return Files.createDirectory(folder);
            } catch (FileAlreadyExistsException e) {
                // Another run's: the next name.
            }
        }
    }

    /** Removes the folder if nothing was written into it. */
    public void removeIfEmpty() throws IOException {
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // A run began in it.
        }
    }

    /**
     * Removes what a killed process left half done, but its lock.
     *
     * @param step of the newest whole checkpoint
     */
    public void clean(long step) throws IOException {
        Checkpoint.clean(checkpoint(), step);
        cleanFiles();
    }

    /** Removes what a killed process left of files that it was about to write. */
    public void cleanFiles() throws IOException {
        for (Path file : List.of(config(), run(), metrics(), csv(), summary())) {
            Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".new"));
        }
    }

    /** Keeps other processes from training into this folder, until it is closed. */
    private void lock() throws IOException {
        lock = RunLock.of(folder, folder.resolve(LOCK));
    }

    /** Locks the folder; returns why that cannot be, which does not matter to a finished run in a read-only folder. */
    @Nullable
    public FileSystemException lockIfWritable() throws IOException {
        try {
            lock();
            return null;
        } catch (FileSystemException e) {
            return e;
        }
    }

    @Override
    public void close() throws IOException {
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }

    /** Creates and locks the folder of a new run. */
    public void create() throws IOException {
        Files.createDirectories(folder);
        if (lock == null) {
            lock();
            checkNew();
        }
    }

    /** Writes the run's settings: the last thing a run's beginning does, for a folder with settings is a run. */
    public void writeConfig(Settings settings) throws IOException {
        if (!Files.exists(config())) {
            Files.deleteIfExists(metrics());
            DurableFiles.replace(config(), settings.toToml());
        }
    }

    /** Returns how many epochs the run in this folder is to have; 0 if there is none. */
    public int epochsWanted() {
        return Files.isRegularFile(config())
                ? Settings.read(config()).settings().integer(Key.EPOCHS)
                : 0;
    }

    /** Gives the run in this folder more epochs, if it has fewer. */
    public void raiseEpochs(int epochs) throws IOException {
        if (epochsWanted() < epochs) {
            Settings more = Settings.read(config()).settings().with(Key.EPOCHS, Integer.toString(epochs));
            DurableFiles.replace(config(), more.toToml());
        }
    }

    /** Adds an epoch's line. */
    public void append(ObjectNode epoch) throws IOException {
        DurableFiles.append(metrics(), JSON.writeValueAsString(epoch) + "\n");
        writeCsv();
    }

    /**
     * Drops what follows the lines of the first epochs: of epochs that were not saved, or half a line.
     *
     * @return the lines there are, {@code epochs} or one fewer
     */
    public int keepEpochs(int epochs) throws IOException {
        List<String> lines = wholeLines();
        if (lines.size() < epochs - 1) {
            throw new CheckpointException("The file " + metrics() + " has " + Words.count(lines.size(), "epoch")
                    + ", but the checkpoint " + epochs + "; restore the file, or start a new run.");
        }
        List<String> kept = lines.subList(0, Math.min(epochs, lines.size()));
        replaceIfOther(metrics(), kept.stream().map(line -> line + "\n").collect(Collectors.joining()));
        writeCsv();
        return kept.size();
    }

    /** Returns the lines up to the first that is not its epoch's. */
    private List<String> wholeLines() throws IOException {
        String text = Files.exists(metrics()) ? Files.readString(metrics()) : "";
        List<String> whole = new ArrayList<>();
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            try {
                if (JSON.readTree(line).path("epoch").asInt() != whole.size() + 1) {
                    break;
                }
            } catch (JsonProcessingException e) {
                break;
            }
            whole.add(line);
        }
        return whole;
    }

    private static void replaceIfOther(Path file, String text) throws IOException {
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            DurableFiles.replace(file, text);
        }
    }

    /** Returns the epochs' lines. */
    public List<JsonNode> epochs() throws IOException {
        List<JsonNode> epochs = new ArrayList<>();
        for (String line : wholeLines()) {
            epochs.add(JSON.readTree(line));
        }
        return epochs;
    }

    /** Writes the lines as a table with a column for each number that any of them has. */
    private void writeCsv() throws IOException {
        List<Map<String, String>> rows = new ArrayList<>();
        Set<String> columns = new LinkedHashSet<>();
        for (JsonNode epoch : epochs()) {
            Map<String, String> row = cells(epoch);
            rows.add(row);
            columns.addAll(row.keySet());
        }
        StringBuilder csv = new StringBuilder();
        if (!rows.isEmpty()) {
            csv.append(String.join(",", columns)).append('\n');
        }
        for (Map<String, String> row : rows) {
            csv.append(columns.stream().map(name -> row.getOrDefault(name, "")).collect(Collectors.joining(",")))
                    .append('\n');
        }
        replaceIfOther(csv(), csv.toString());
    }

    /** Returns an epoch's numbers by column; those of a list get a column each, and null is empty. */
    private static Map<String, String> cells(JsonNode epoch) {
        Map<String, String> cells = new LinkedHashMap<>();
        epoch.fieldNames().forEachRemaining(name -> {
            JsonNode value = epoch.get(name);
            for (int i = 0; i < value.size(); i++) {
                cells.put(name + "_" + (i + 1), value.get(i).asText());
            }
            if (!value.isArray()) {
                cells.put(name, value.isNull() ? "" : value.asText());
            }
        });
        return cells;
    }

    public void writeRun(ObjectNode run) throws IOException {
        writeJson(run(), run);
    }

    /** Writes what came of each rule. */
    public void writeSummary(Map<String, ObjectNode> records) throws IOException {
        ObjectNode summary = JSON.createObjectNode();
        records.forEach((rule, record) -> summary.set(rule, RunRecord.withoutSessions(record)));
        writeJson(summary(), summary);
    }

    private static void writeJson(Path file, JsonNode content) throws IOException {
        replaceIfOther(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
    }

    /** Returns the run's record; null if there is none, or it is no JSON. */
    @Nullable
    public ObjectNode readRun() throws IOException {
        try {
            return Files.exists(run()) && JSON.readTree(Files.readString(run())) instanceof ObjectNode run ? run : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** Returns the largest amount of memory this process has had, in bytes; 0 where the system does not tell. */
    public static long peakResidentBytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    public static String percent(double value) {
        return String.format(Locale.ROOT, "%.2f %%", value);
    }
}
