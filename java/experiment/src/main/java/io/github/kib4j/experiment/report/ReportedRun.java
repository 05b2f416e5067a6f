package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.files.Safetensors;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A run of one rule, as far as its folder can be read.
 *
 * @param folder of the run
 * @param rule its name
 * @param settings null where they cannot be read
 * @param config the text of the file of settings; empty where there is none
 * @param record what {@code run.json} says; empty where that cannot be read
 * @param epochs the epochs' lines that can be read, in their order
 * @param filters the first layer's weights; null where there are none to show
 */
record ReportedRun(
        Path folder,
        String rule,
        @Nullable Settings settings,
        String config,
        ObjectNode record,
        List<JsonNode> epochs,
        @Nullable Filters filters) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern STEP = Pattern.compile("step-([0-9]{1,18})");
    private static final Pattern IMAGE = Pattern.compile("([0-9]{1,6}) x ([0-9]{1,6}) x ([0-9]{1,6})");
    private static final long LONGEST_CONFIG = 1 << 16;

    /** Reads a folder; what cannot be read is noted. */
    static ReportedRun read(Path folder, Notes notes) throws IOException {
        ObjectNode record = record(folder, notes);
        Settings settings = notes.unless(
                        "The settings of " + folder + " are unknown", () -> new RunFolder(folder).settings())
                .orElse(null);
        List<JsonNode> epochs = epochs(folder.resolve("metrics.jsonl"), notes);
        String rule = settings != null && !settings.text(Key.RULE).contains(",")
                ? settings.text(Key.RULE)
                : record.path("rule")
                        .asText(String.valueOf(
                                folder.toAbsolutePath().normalize().getFileName()));
        return new ReportedRun(folder, rule, settings, config(folder), record, epochs, filters(folder, record, notes));
    }

    private static ObjectNode record(Path folder, Notes notes) {
        Path file = folder.resolve("run.json");
        Optional<ObjectNode> record = notes.unless("The record " + file + " is not shown", () -> {
            ObjectNode read = new RunFolder(folder).readRun();
            if (read == null) {
                notes.add(
                        Files.exists(file)
                                ? "The record " + file + " is no JSON: neither machine nor state of this run is known."
                                : "There is no " + file + ": neither machine nor state of this run is known.");
            }
            return read == null ? JSON.createObjectNode() : read;
        });
        return record.orElseGet(JSON::createObjectNode);
    }

    private static String config(Path folder) throws IOException {
        Path file = folder.resolve("config.toml");
        if (!Files.isRegularFile(file) || !Files.isReadable(file) || Files.size(file) > LONGEST_CONFIG) {
            return "";
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    /** Returns the lines that are an epoch's; of two of one epoch the last. */
    private static List<JsonNode> epochs(Path file, Notes notes) {
        if (!Files.exists(file)) {
            notes.add("There is no " + file + ": this run has no curves.");
            return List.of();
        }
        return notes.unless("The curves of " + file + " are not shown", () -> parsed(file, notes))
                .orElse(List.of());
    }

    private static List<JsonNode> parsed(Path file, Notes notes) throws IOException {
        Map<Integer, JsonNode> epochs = new TreeMap<>();
        String[] lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8).split("\n");
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].isBlank()) {
                continue;
            }
            JsonNode line = parsed(lines[i]);
            if (line != null && line.path("epoch").isInt() && line.path("epoch").asInt() > 0) {
                epochs.put(line.path("epoch").asInt(), line);
            } else {
                notes.add("Line " + (i + 1) + " of " + file + " is no epoch's and is left out.");
            }
        }
        if (epochs.isEmpty()) {
            notes.add("No epoch is in " + file + ": this run has no curves.");
        }
        return List.copyOf(epochs.values());
    }

    private static @Nullable JsonNode parsed(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** Returns the first layer's weights in the newest checkpoint that can be read. */
    private static @Nullable Filters filters(Path folder, ObjectNode record, Notes notes) throws IOException {
        Path checkpoints = folder.resolve("checkpoint");
        Optional<Filters> filters = Optional.empty();
        List<Path> newestFirst = newestFirst(checkpoints);
        for (Path checkpoint : newestFirst) {
            Path file = checkpoint.resolve("weights.safetensors");
            Optional<Safetensors.Array> weights =
                    notes.unless("The weights in " + file + " are not shown", () -> weights(file));
            if (weights.isPresent()) {
                filters = Optional.ofNullable(Filters.of(weights.get(), image(record)));
                break;
            }
        }
        if (newestFirst.isEmpty()) {
            notes.add("There is no checkpoint in " + checkpoints
                    + ": this run has no filters, similarities or mistakes.");
        }
        return filters.orElse(null);
    }

    private static List<Path> newestFirst(Path checkpoints) throws IOException {
        if (!Files.isDirectory(checkpoints)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(checkpoints)) {
            return entries.filter(entry -> step(entry) >= 0)
                    .sorted(Comparator.comparingLong(ReportedRun::step).reversed())
                    .toList();
        }
    }

    private static long step(Path checkpoint) {
        Matcher step = STEP.matcher(checkpoint.getFileName().toString());
        return step.matches() ? Long.parseLong(step.group(1)) : -1;
    }

    private static Safetensors.Array weights(Path file) throws IOException {
        Safetensors.Array weights = Safetensors.read(file).get(Filters.NAME);
        if (weights == null) {
            throw new RefusedException("it has no " + Filters.NAME + ".");
        }
        return weights;
    }

    private static @Nullable Shape image(ObjectNode record) {
        Matcher image = IMAGE.matcher(record.path("data").path("image").asText(""));
        try {
            return image.matches()
                    ? Shape.of(
                            Integer.parseInt(image.group(1)),
                            Integer.parseInt(image.group(2)),
                            Integer.parseInt(image.group(3)))
                    : null;
        } catch (IllegalArgumentException e) {
            return null; // no image has these extents
        }
    }

    /** {@return whether there is anything to show} */
    boolean isEmpty() {
        return epochs.isEmpty() && settings == null && record.isEmpty() && filters == null;
    }

    /** {@return a number of the last epoch; NaN where it has none} */
    double last(String name) {
        JsonNode value = epochs.isEmpty()
                ? JSON.missingNode()
                : epochs.get(epochs.size() - 1).path(name);
        return value.isNumber() ? value.asDouble() : Double.NaN;
    }

    /** {@return the last epoch; 0 where there is none} */
    int epoch() {
        return epochs.isEmpty()
                ? 0
                : epochs.get(epochs.size() - 1).path("epoch").asInt();
    }

    /** {@return the epochs that the run is to have; the last there is where that is not known} */
    int epochsWanted() {
        return settings == null ? epoch() : Math.max(epoch(), settings.integer(Key.EPOCHS));
    }

    /** {@return the seconds of training; NaN where they are not known} */
    double seconds() {
        return epochs.stream()
                .mapToDouble(epoch -> epoch.path("seconds").asDouble(Double.NaN))
                .sum();
    }

    /** {@return the median of the epochs' speeds; NaN where there is none} */
    double speed() {
        double[] speeds = epochs.stream()
                .map(epoch -> epoch.path("train_images_per_second"))
                .filter(JsonNode::isNumber)
                .mapToDouble(JsonNode::asDouble)
                .sorted()
                .toArray();
        return speeds.length == 0 ? Double.NaN : speeds[speeds.length / 2];
    }

    /** {@return the preset's name; null where the run was not of one} */
    @Nullable
    String preset() {
        return record.path("preset").asText(null);
    }

    /** {@return what the paper reports for this run, in percent; null where it reports nothing} */
    @Nullable
    Double paperAccuracy() {
        String preset = preset();
        Presets presets = new Presets();
        return preset != null
                        && presets.names().contains(preset)
                        && presets.get(preset).text(Key.RULE).equals(rule)
                ? presets.paperAccuracy(preset)
                : null;
    }

    /** {@return the state in words} */
    String state() {
        String said = record.path("state").asText("");
        int wanted = epochsWanted();
        return switch (said) {
            case "finished" -> "finished";
            case "interrupted" -> "stopped after epoch " + epoch() + " of " + wanted;
            case "failed" -> "failed after epoch " + epoch() + " of " + wanted;
            case "running" -> "not finished: epoch " + epoch() + " of " + wanted;
            default -> epoch() < wanted ? "epoch " + epoch() + " of " + wanted : "state unknown";
        };
    }

    /** {@return what made the last session fail; empty where nothing did} */
    String error() {
        JsonNode sessions = record.path("sessions");
        return sessions.path(sessions.size() - 1).path("error").asText("");
    }
}
