package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A training of {@value #STEPS} steps that saves after each, and what must be equal however it was interrupted. */
final class TinyTraining {
    static final int STEPS = 24;

    private final Path data;
    private final String rules;

    /** Writes the data set into a folder. */
    TinyTraining(Path data, String rules) throws IOException {
        this.data = data;
        this.rules = rules;
        TinyImages.idx(data.resolve("mnist"), 60, 20);
    }

    /** Returns the command that begins the training in a folder; options added here come last. */
    List<String> begin(Path out, String... more) {
        List<String> command = new ArrayList<>(List.of("train", "--dataset", "mnist", "--data", data.toString()));
        Collections.addAll(command, "--model", "mlp", "--groups", "4", "--divisive-norm");
        Collections.addAll(command, "--dropout", "0.1", "--optimizer", "adamw", "--lr-local", "0.01");
        Collections.addAll(command, "--rule", rules, "--device", "reference", "--out", out.toString());
        command.addAll(
                more.length > 0
                        ? Arrays.asList(more)
                        : List.of("--layers", "16,12", "--batch", "10", "--epochs", "4", "--checkpoint-steps", "1"));
        return command;
    }

    /** Returns the command that goes on with the training in a folder, or begins it where that has not been done. */
    List<String> goOn(Path out) {
        return Files.exists(out.resolve("config.toml")) ? List.of("train", "--resume", out.toString()) : begin(out);
    }

    /** Returns all that a finished training has left, but times: names of files, metrics, the last two checkpoints. */
    static Map<String, String> result(Path out) throws IOException {
        Map<String, String> result = new TreeMap<>();
        try (Stream<Path> files = Files.walk(out)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = out.relativize(file).toString();
                boolean binary = name.endsWith(".safetensors");
                result.put(name, binary ? Arrays.toString(Files.readAllBytes(file)) : timeless(name, file));
            }
        }
        assertThat(result.keySet())
                .anyMatch(name -> name.endsWith("run.json"))
                .anyMatch(name -> name.endsWith("checkpoint/step-" + STEPS + "/weights.safetensors"));
        return result;
    }

    private static String timeless(String name, Path file) throws IOException {
        return switch (name) {
            case "metrics.jsonl", "phsic/metrics.jsonl", "readout/metrics.jsonl" ->
                Files.readString(file).replaceAll("\"(seconds|train_images_per_second|peak_rss_bytes)\":[^,}]*", "");
            case "config.toml" -> Files.readString(file);
            default ->
                name.endsWith("state.json")
                        ? Files.readString(file).replaceAll("\"(seconds|checksum)\": [^\n]*", "")
                        : "";
        };
    }
}
