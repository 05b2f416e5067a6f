package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of layers is in a run's lines and table, its cost is said, and the run is the same without. */
final class LayerFiguresTest {
    private static final Map<Key, String> ALL =
            Map.of(Key.LAYER_METRICS, "true", Key.PROBES, "30", Key.ALIGNMENT, "true");

    @TempDir
    private Path folder;

    private Settings settings;

    @BeforeEach
    void images() throws IOException {
        settings = TinyStudy.settings(Files.createDirectories(folder.resolve("data")));
    }

    /** Remembers what is said, and stops after an epoch. */
    private static final class Told implements RunListener {
        private final List<String> said = new ArrayList<>();
        private final int epochs;
        private boolean stops;

        Told(int epochs) {
            this.epochs = epochs;
        }

        @Override
        public void say(String line) {
            said.add(line);
        }

        @Override
        public void step(int epoch, int step, int steps) {
            stops = epoch > epochs;
        }

        @Override
        public boolean stops() {
            return stops;
        }
    }

    private Path train(String name, Settings given, Told told) throws IOException {
        Path run = folder.resolve(name);
        Run.begin(Experiment.of(given, null, null), run).train("a test", told);
        return run;
    }

    private static Settings with(Settings base, Map<Key, String> more) {
        Settings all = new Settings().setAll(base);
        more.forEach(all::set);
        return all;
    }

    private static List<JsonNode> lines(Path run) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    @Test
    void theRunIsTheSameAndItsLinesHaveThem() throws IOException {
        Told told = new Told(9);
        Path plain = train("plain", settings, new Told(9));
        Path asked = train("asked", with(settings, ALL), told);
        String weights = "checkpoint/step-8/weights.safetensors";
        assertThat(asked.resolve(weights)).hasSameBinaryContentAs(plain.resolve(weights));
        for (JsonNode line : lines(asked)) {
            for (String name : List.of(
                    "phsic_codes",
                    "phsic_labels",
                    "hsic_codes",
                    "hsic_labels",
                    "cka_labels",
                    "weight_norm",
                    "activity_norm",
                    "dead_units",
                    "silent_units",
                    "probe_accuracy",
                    "alignment_degrees",
                    "alignment_cosine")) {
                assertThat(line.get(name)).as(name).hasSize(2).allMatch(JsonNode::isNumber, "is a number");
            }
            assertThat(line.get("cka_layers"))
                    .hasSize(2)
                    .allSatisfy(row -> assertThat(row).hasSize(2));
            assertThat(line.get("alignment_cosine").get(0).asDouble())
                    .isEqualTo(Math.cos(
                            Math.toRadians(line.get("alignment_degrees").get(0).asDouble())));
        }
        assertThat(lines(plain).get(0).has("layers_seconds")).isFalse();
        assertThat(Files.readAllLines(asked.resolve("metrics.csv")).get(0))
                .contains("phsic_labels_2", "probe_accuracy_1", "layers_seconds")
                .doesNotContain("cka_layers");
        assertThat(told.said)
                .filteredOn(line -> line.startsWith("Looking at the layers took "))
                .singleElement()
                .asString()
                .matches(".* s an epoch, [0-9.]+ % of its training \\(--layer-metrics, --probes, --alignment\\)\\.");
    }

    /** They are no part of what a run is: one can be gone on with, with others than before. */
    @Test
    void aRunCanBeResumedWithThem() throws IOException {
        Path run = train("run", settings, new Told(1));
        Run.resume(run, with(new Settings(), ALL)).train("a test", new Told(9));
        Path whole = train("whole", settings, new Told(9));
        String weights = "checkpoint/step-8/weights.safetensors";
        assertThat(run.resolve(weights)).hasSameBinaryContentAs(whole.resolve(weights));
        assertThat(lines(run)).extracting(line -> line.has("probe_accuracy")).containsExactly(false, true);
        assertThat(Files.readString(run.resolve("config.toml")))
                .doesNotContain("probes", "layer-metrics", "tensorboard");
    }

    /** Weights that are all zero say the same of all images: figures are numbers or, an angle to nothing, null. */
    @Test
    void nothingIsNoNumber() throws IOException {
        Settings dead = with(settings, ALL)
                .set(Key.LR_LOCAL, "0")
                .set(Key.LR_READOUT, "0")
                .set(Key.ACTIVATION, "relu");
        Path begun = train("begun", dead, new Told(0));
        Path weights = begun.resolve("checkpoint/step-1/weights.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        int header = (int) java.nio.ByteBuffer.wrap(bytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getLong();
        java.util.Arrays.fill(bytes, 8 + header, bytes.length, (byte) 0);
        Path zeros = folder.resolve("zeros.safetensors");
        Files.write(zeros, bytes);
        Path run = train("run", dead.set(Key.WEIGHTS, zeros.toString()), new Told(9));
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            assertThat(line).doesNotContain("NaN", "Infinity");
            assertThat(new ObjectMapper().readTree(line).get("dead_units"))
                    .extracting(JsonNode::asInt)
                    .containsExactly(8, 8);
            assertThat(new ObjectMapper().readTree(line).get("alignment_degrees"))
                    .allMatch(JsonNode::isNull);
            assertThat(new ObjectMapper().readTree(line).get("cka_labels"))
                    .extracting(JsonNode::asDouble)
                    .containsExactly(0.0, 0.0);
        }
    }
}
