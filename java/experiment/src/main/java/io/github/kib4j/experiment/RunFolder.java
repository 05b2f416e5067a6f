package io.github.kib4j.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.files.DurableFiles;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A run's folder: {@code config.toml, run.json, metrics.jsonl, metrics.csv, checkpoint/, run.lock}; of a run of several rules,
 * {@code config.toml, run.json, summary.json, run.lock} and such a folder for each rule. A report that is made of it is beside
 * these: {@code report.html}; events for TensorBoard are in {@code tensorboard/}.
 */
public final class RunFolder implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LOCK = "run.lock";
    private static final String RECORD = "run.json";
    private static final String SUMMARY = "summary.json";
    private static final String REPORT = "report.html";

    private final Path folder;
    private @Nullable RunLock lock;

    /**
     * Names a folder, which may not exist yet.
     *
     * @param folder of a run, or of one of its rules
     */
    public RunFolder(Path folder) {
        this.folder = folder;
    }

    /** {@return the folder, as it was named} */
    public Path path() {
        return folder;
    }

    /** {@return the folder of checkpoints, which a run of several rules does not have} */
    public Path checkpoint() {
        return folder.resolve("checkpoint");
    }

    /** {@return the file of the run's report} */
    public Path report() {
        return folder.resolve(REPORT);
    }

    /** Returns the folder of events for TensorBoard. */
    Path tensorBoard() {
        return folder.resolve("tensorboard");
    }

    Path config() {
        return folder.resolve("config.toml");
    }

    Metrics metrics() {
        return new Metrics(folder.resolve("metrics.jsonl"), folder.resolve("metrics.csv"));
    }

    /**
     * Refuses to begin a new run in a folder that holds anything but what a killed process left of a beginning, is none, or
     * cannot be made.
     */
    void checkNew() throws IOException {
        if (Files.isDirectory(folder) && !isBeginning()) {
            throw new UsageException("The folder " + folder + " is not empty; continue its run with "
                    + Invocation.of("train", "--resume", folder.toString()) + ", or choose another --out.");
        }
        checkCreatable();
    }

    /** Refuses a folder that is none, or cannot be made. */
    void checkCreatable() throws IOException {
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
        Set<String> beginning = Set.of(LOCK, "config.toml.new", RECORD, RECORD + ".new", "checkpoint");
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
    static Path claim(Path wanted) throws IOException {
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
    void removeIfEmpty() throws IOException {
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
    void clean(long step) throws IOException {
        Checkpoint.clean(checkpoint(), step);
        cleanFiles();
    }

    /** Removes what a killed process left of files that it was about to write. */
    void cleanFiles() throws IOException {
        for (String file : List.of("config.toml", RECORD, "metrics.jsonl", "metrics.csv", SUMMARY, REPORT)) {
            Files.deleteIfExists(folder.resolve(file + ".new"));
        }
    }

    /** Keeps other processes from training into this folder, until it is closed. */
    private void lock() throws IOException {
        lock = RunLock.of("The run in " + folder + " is being trained", folder.resolve(LOCK));
    }

    /** Returns which other process trains into the folder; empty if none does. */
    Optional<String> trainedBy() throws IOException {
        return RunLock.holder(folder.resolve(LOCK));
    }

    /** Locks the folder; returns why that cannot be, which does not matter to a finished run in a read-only folder. */
    @Nullable
    FileSystemException lockIfWritable() throws IOException {
        try {
            lock();
            return null;
        } catch (FileSystemException e) {
            return e;
        }
    }

    /** Gives the folder free for other processes. */
    @Override
    public void close() throws IOException {
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }

    /** Creates and locks the folder of a new run. */
    void create() throws IOException {
        Files.createDirectories(folder);
        if (lock == null) {
            lock();
            checkNew();
        }
    }

    /** Writes the run's settings: the last thing a run's beginning does, for a folder with settings is a run. */
    void writeConfig(Settings settings) throws IOException {
        if (!Files.exists(config())) {
            Files.deleteIfExists(metrics().lines());
            DurableFiles.replace(config(), new RunPlan(settings).toToml());
        }
    }

    /** {@return whether a run's settings are in it} */
    public boolean isRun() {
        return Files.isRegularFile(config());
    }

    /**
     * {@return the run's settings}
     *
     * @throws UsageException if the folder is no run's
     */
    public Settings settings() {
        if (!Files.isRegularFile(config())) {
            throw new UsageException(
                    "There is no run in " + folder + " (it has no config.toml); name the folder of a run.");
        }
        return Settings.read(config()).settings();
    }

    /** Returns the settings to go on with: given ones may repeat the run's, raise its epochs, and change the machine's. */
    Settings resumed(Settings given) {
        Settings run = settings();
        Key changed = given.conflict(run);
        if (changed != null) {
            throw new UsageException("--" + changed.title() + " is " + run.text(changed) + " in the run in " + folder
                    + " and cannot be changed when it is resumed; start a new run for other settings.");
        }
        Settings resumed = given.onThisMachine(run);
        int before = run.integer(Key.EPOCHS);
        int epochs = given.isSet(Key.EPOCHS) ? given.integer(Key.EPOCHS) : before;
        if (epochs < before) {
            throw new UsageException("The run in " + folder + " is of "
                    + Words.count(before, "epoch") + " and can be given more, not fewer (" + epochs
                    + "); stop it when it has done enough, or start a new run.");
        }
        if (epochs > before && new RunPlan(run).schedule().dependsOnEpochs()) {
            throw new UsageException("The run in " + folder + " cannot be given more epochs, since its schedule "
                    + run.text(Key.SCHEDULE) + " lowers learning rates towards the end of its " + before
                    + "; start a new run with --epochs " + epochs + ".");
        }
        return resumed.set(Key.EPOCHS, Integer.toString(epochs));
    }

    /** Returns how many epochs the run in this folder is to have; 0 if there is none. */
    int epochsWanted() {
        return Files.isRegularFile(config()) ? settings().integer(Key.EPOCHS) : 0;
    }

    /** Gives the run in this folder more epochs, if it has fewer. */
    void raiseEpochs(int epochs) throws IOException {
        if (epochsWanted() < epochs) {
            Settings more = settings().with(Key.EPOCHS, Integer.toString(epochs));
            DurableFiles.replace(config(), new RunPlan(more).toToml());
        }
    }

    void writeRun(ObjectNode run) throws IOException {
        writeJson(RECORD, run);
    }

    /** Writes what came of each rule. */
    void writeSummary(Map<String, ObjectNode> records) throws IOException {
        ObjectNode summary = JSON.createObjectNode();
        records.forEach(summary::set);
        writeJson(SUMMARY, summary);
    }

    private void writeJson(String file, JsonNode content) throws IOException {
        String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n";
        Metrics.replaceIfOther(folder.resolve(file), text);
    }

    /**
     * {@return what {@code run.json} says; null if there is none, or it is no JSON}
     *
     * @throws IOException if it cannot be read
     */
    @Nullable
    public ObjectNode readRun() throws IOException {
        try {
            Path file = folder.resolve(RECORD);
            return Files.exists(file) && JSON.readTree(Files.readString(file)) instanceof ObjectNode run ? run : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }
}
