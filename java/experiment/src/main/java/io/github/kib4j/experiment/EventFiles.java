package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.files.DurableFiles;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What TensorBoard reads of a run: the lines of {@code metrics.jsonl} as scalars, whose step is the epoch.
 *
 * <p>Each session that writes has a file of its own, as TensorBoard expects: it begins with the epoch that it starts from, and
 * TensorBoard drops what earlier files have of that epoch and later ones, so that a run that was killed shows no epoch twice. What is
 * wrong with these files is not wrong with the run: that is said once, and the next session adds what is missing.
 */
final class EventFiles {
    private static final Pattern NAME = Pattern.compile("events\\.out\\.tfevents\\.([0-9]{10})\\.kib4j");

    /** What is known by another name than in the lines; TensorBoard shows what is before a slash together. */
    private static final Map<String, String> TAGS = Map.of(
            "test_accuracy", "accuracy/test",
            "train_accuracy", "accuracy/train",
            "test_loss", "loss/test",
            "readout_loss", "loss/train",
            "lr_local", "learning_rate/hidden_layers",
            "lr_readout", "learning_rate/readout",
            "train_images_per_second", "speed/images_per_second",
            "seconds", "speed/seconds",
            "local_losses", "local_loss");

    private final Path folder;
    private final Metrics metrics;
    private final boolean wanted;
    private final RunListener listener;
    private boolean failed;
    private @Nullable Path file;
    /** Epochs, from the first on, that there are. */
    private int written = -1;

    EventFiles(Path folder, Metrics metrics, Settings settings, RunListener listener) {
        this.folder = folder;
        this.metrics = metrics;
        this.listener = listener;
        wanted = settings.flag(Key.TENSORBOARD);
    }

    /**
     * Writes the epochs that are not there yet, if events are wanted. The first time it is found out which are: of a run that is gone
     * on with before it has trained, since events may be of an epoch that was not saved.
     */
    void catchUp() {
        if (!wanted || failed) {
            return;
        }
        try {
            List<JsonNode> epochs = metrics.epochs();
            if (written < 0) {
                written = Math.min(there(), epochs.size());
            }
            for (; written < epochs.size(); written++) {
                write(epochs.get(written));
            }
        } catch (IOException e) {
            failed = true;
            String what = e instanceof FileSystemException at ? at.getFile() + ": " : "";
            listener.say("Note: nothing is written for TensorBoard (" + what + FileFailure.reason(e)
                    + "); the run goes on, and when it is resumed what is missing is added.");
        }
    }

    private void write(JsonNode epoch) throws IOException {
        if (file == null) {
            Path begun = begin();
            DurableFiles.append(begun, Event.version(now()).record());
            DurableFiles.append(begun, Event.start(now(), written + 1L).record());
            file = begun;
        }
        DurableFiles.append(file, event(epoch).record());
    }

    private static double now() {
        return Instant.now().toEpochMilli() * 1e-3;
    }

    /** Returns this session's file, named after the time: TensorBoard reads files in the order of their names. */
    private Path begin() throws IOException {
        Files.createDirectories(folder);
        long last = files().stream().mapToLong(EventFiles::second).max().orElse(0);
        long second = Math.max(Instant.now().getEpochSecond(), last + 1);
        return folder.resolve(String.format(Locale.ROOT, "events.out.tfevents.%010d.kib4j", second));
    }

    private List<Path> files() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> second(entry) >= 0).sorted().toList();
        }
    }

    private static long second(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() ? Long.parseLong(name.group(1)) : -1;
    }

    /** Returns up to which epoch earlier sessions' files have all. */
    private int there() throws IOException {
        long last = 0;
        for (Path earlier : files()) {
            for (Event event : Event.read(Files.readAllBytes(earlier))) {
                if (event.startsSession()) {
                    last = Math.min(last, event.step() - 1);
                } else if (event.step() == last + 1) {
                    last++;
                }
            }
        }
        return Math.toIntExact(last);
    }

    private static Event event(JsonNode epoch) {
        Map<String, Float> scalars = new TreeMap<>();
        epoch.properties().forEach(entry -> {
            String name = entry.getKey();
            if (!name.equals("epoch")) {
                add(
                        scalars,
                        TAGS.getOrDefault(name, entry.getValue().isArray() ? name : "more/" + name),
                        entry.getValue());
            }
        });
        return Event.scalars(time(epoch), epoch.path("epoch").asLong(), scalars);
    }

    /** Adds a number, or a list's: {@code name/layer_1}; of a list of lists what is above its diagonal: {@code name/1_and_2}. */
    private static void add(Map<String, Float> scalars, String tag, JsonNode value) {
        if (value.isNumber()) {
            scalars.put(tag, value.floatValue());
        }
        for (int i = 0; i < value.size() && value.isArray(); i++) {
            JsonNode one = value.get(i);
            if (one.isNumber()) {
                scalars.put(tag + "/layer_" + (i + 1), one.floatValue());
            }
            for (int j = i + 1; j < one.size(); j++) {
                if (one.get(j).isNumber()) {
                    scalars.put(
                            tag + "/" + (i + 1) + "_and_" + (j + 1), one.get(j).floatValue());
                }
            }
        }
    }

    private static double time(JsonNode epoch) {
        try {
            return OffsetDateTime.parse(epoch.path("time").asText()).toEpochSecond();
        } catch (DateTimeException e) {
            return now(); // a line of another version
        }
    }
}
