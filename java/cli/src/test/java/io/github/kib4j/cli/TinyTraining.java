package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A training of {@value #STEPS} steps that saves after each, and what must be equal however it was interrupted. */
final class TinyTraining {
    static final int STEPS = 24;

    /** What a run's record and metrics say that no two runs have in common. */
    private static final List<String> TIMES = List.of(
            "sessions",
            "started",
            "ended",
            "time",
            "seconds",
            "train_seconds",
            "train_images_per_second",
            "peak_rss_bytes");

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

    /** Returns the training's rules. */
    List<String> rules() {
        return List.of(rules.split(","));
    }

    /** Returns the command that goes on with the training in a folder, or begins it where that has not been done. */
    List<String> goOn(Path out) {
        return Files.exists(out.resolve("config.toml")) ? List.of("train", "--resume", out.toString()) : begin(out);
    }

    /** Returns all that a finished training has left, but times: names of files, metrics, records, the last two checkpoints. */
    static Map<String, String> result(Path out) throws IOException {
        Map<String, String> result = new TreeMap<>();
        try (Stream<Path> files = Files.walk(out)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = out.relativize(file).toString();
                result.put(name, timeless(file).replace(out.toString(), "OUT"));
            }
        }
        assertThat(result.keySet())
                .anyMatch(name -> name.endsWith("run.json"))
                .anyMatch(name -> name.endsWith("checkpoint/step-" + STEPS + "/weights.safetensors"));
        return result;
    }

    /** Returns what a file says, but times, memory, and which process or sessions worked on it. */
    private static String timeless(Path file) throws IOException {
        String name = file.getFileName().toString();
        return switch (name) {
            case "run.lock", "report.html" -> "";
            case "metrics.jsonl" -> withoutTimes(Files.readString(file));
            case "metrics.csv" -> withoutTimeColumns(Files.readAllLines(file));
            case "run.json", "summary.json" -> {
                JsonNode json = new ObjectMapper().readTree(Files.readString(file));
                removeTimes(json);
                yield json.toPrettyString();
            }
            case "state.json" -> Files.readString(file).replaceAll("\"(seconds|checksum)\": [^\n]*", "");
            default ->
                name.endsWith(".safetensors")
                        ? HexFormat.of().formatHex(sha256(Files.readAllBytes(file)))
                        : Files.readString(file);
        };
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns lines of metrics without what no two runs have in common. */
    static String withoutTimes(String metrics) {
        return metrics.replaceAll("\"(time|seconds|train_images_per_second|peak_rss_bytes)\":[^,}]*", "");
    }

    private static String withoutTimeColumns(List<String> csv) {
        List<String> header = List.of(csv.isEmpty() ? new String[0] : csv.get(0).split(","));
        List<String> kept = new ArrayList<>();
        for (String line : csv) {
            String[] cells = line.split(",", -1);
            assertThat(cells).as(line).hasSize(header.size());
            for (int i = 0; i < cells.length; i++) {
                kept.add(TIMES.contains(header.get(i)) ? "" : cells[i]);
            }
        }
        return kept.toString();
    }

    private static void removeTimes(JsonNode json) {
        if (json instanceof ObjectNode object) {
            object.remove(TIMES);
        }
        json.forEach(TinyTraining::removeTimes);
    }
}
