package io.github.kib4j.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole check, small, out of a bundle that was unpacked in another folder, with an empty environment and without a GPU. */
final class DryRunTest {
    private static final List<String> STEPS = List.of(
            "machine", "rival", "probe", "ceiling", "doctor", "kernels", "cases", "bench", "sanitizer", "train");
    private static final List<String> OF_JAVA = List.of("doctor", "cases", "bench", "train");
    private static final Path EMULATED = Path.of(System.getProperty("emulator.build"), "lib");
    private static final Path NATIVE = Path.of(System.getProperty("native.build"), "cuda");

    @TempDir
    Path folder;

    /** JavaCPP leaves links to libraries elsewhere, which JUnit would warn of. */
    @AfterEach
    void deleteLinks() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private JsonNode report;

    @Test
    void everyStepIsInTheReportOrSaysWhyNot() throws IOException, InterruptedException {
        unpack(bundle());
        Map<String, JsonNode> steps = run("cpu");
        assertThat(steps.keySet()).containsExactlyElementsOf(STEPS);
        steps.forEach((name, step) -> {
            String state = step.get("state").asText();
            assertThat(state).as(step.toString()).isIn("well", "skipped");
            assertThat(step.get("why").asText()).isNotEmpty();
            if (state.equals("skipped")) {
                assertThat(step.get("why").asText()).endsWith(".");
            }
        });
        for (String name : OF_JAVA) {
            assertThat(steps.get(name).get("state").asText()).isEqualTo("well");
        }
        assertThat(steps.get("cases").get("why").asText()).matches("cases: [1-9]\\d* passed, 0 failed, .*");
        if (Files.exists(NATIVE.resolve("kib_cuda_test")) && Files.isDirectory(EMULATED)) {
            assertThat(steps.get("kernels").get("state").asText()).isEqualTo("well");
            assertThat(rows("kernels")).isNotEmpty();
        }
        checkSteps();
        checkTraining();
        assertThat(folder.resolve("out/report.md")).content().contains("A dry run with small sizes", "kib4j: commit");
        if (Files.exists(NATIVE.resolve("libkib_cuda.so")) && Files.isDirectory(EMULATED)) {
            checkDevice(run("cuda", "doctor", "cases"));
        }
    }

    /** The bundle's own kernels and presets, on the emulated device: the doctor finds it, and cases pass on it. */
    private void checkDevice(Map<String, JsonNode> steps) throws IOException {
        assertThat(steps.keySet()).containsExactly("doctor", "cases");
        steps.forEach((name, step) ->
                assertThat(step.get("state").asText()).as(step.toString()).isEqualTo("well"));
        assertThat(folder.resolve("work/logs/cases.txt")).content().startsWith("cuda: ");
        assertThat(steps.get("cases").get("why").asText()).matches("cases: [1-9]\\d* passed, 0 failed, .*");
    }

    /** Rows of every network, rule and precision; what the device has not is refused in a sentence. */
    private void checkSteps() {
        List<JsonNode> rows = rows("bench");
        for (String field : List.of("net", "rule", "precision")) {
            assertThat(rows)
                    .extracting(row -> row.get(field).asText())
                    .containsAll(
                            switch (field) {
                                case "net" -> List.of("vgg", "mlp");
                                case "rule" -> StepRow.RULES;
                                default -> List.of("f32", "bf16", "tf32");
                            });
        }
        for (JsonNode row : rows) {
            if (row.get("precision").asText().equals("tf32")) {
                assertThat(row.get("error").asText()).contains("tf32").endsWith(".");
            } else {
                assertThat(row.has("error")).as(row.toString()).isFalse();
                assertThat(row.get("images_per_s").asDouble()).isPositive();
                assertThat(row.get("peak_mb").asDouble()).isPositive();
            }
        }
    }

    /** Two epochs by each rule; without a card its energy is unknown, and that is said. */
    private void checkTraining() {
        for (String rule : List.of("phsic", "backprop")) {
            List<JsonNode> last = rows("train").stream()
                    .filter(row -> row.get("rule").asText().equals(rule)
                            && row.get("mark").isNull())
                    .toList();
            assertThat(last).hasSize(1);
            assertThat(last.get(0).get("epoch").asInt()).isEqualTo(2);
            assertThat(last.get(0).get("process_s").asDouble())
                    .isGreaterThan(last.get(0).get("gpu_s").asDouble());
        }
        assertThat(report.at("/results/train/joules").asText()).isNotEmpty();
    }

    private List<JsonNode> rows(String step) {
        List<JsonNode> rows = new ArrayList<>();
        report.at("/results/" + step + "/rows").forEach(rows::add);
        return rows;
    }

    private Path bundle() throws IOException, InterruptedException {
        Path archive = folder.resolve("bundle.tar");
        Map<String, String> environment = new HashMap<>();
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("KIB_CLASS_PATH", System.getProperty("java.class.path"));
        environment.put("KIB_NATIVE", NATIVE.toString());
        Python.Ended made = Python.runProgram(
                environment, List.of(Python.GPU.resolve("make-bundle").toString(), "--with-cpu", archive.toString()));
        assertThat(made.status()).as(made.output()).isZero();
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(archive);
        }
        return archive;
    }

    private void unpack(Path archive) throws IOException, InterruptedException {
        Path target = Files.createDirectory(folder.resolve("un packed"));
        Python.Ended unpacked = Python.run(
                Map.of(), List.of("-W", "ignore", "-m", "tarfile", "-e", archive.toString(), target.toString()));
        assertThat(unpacked.status()).as(unpacked.output()).isZero();
    }

    /** Runs steps, all if none is named, on a device; returns them by name. */
    private Map<String, JsonNode> run(String device, String... chosen) throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>();
        environment.put("OUT", folder.resolve("out").toString());
        environment.put("KIB_WORK", folder.resolve("work").toString());
        environment.put("KIB_DRY", "1");
        environment.put("KIB_DEVICE", device);
        environment.put("KIB_SECONDS", "300");
        environment.put("OMP_NUM_THREADS", "1"); // steps so small wait for threads longer than they compute
        environment.put("KIB_CUDA_LIBRARIES", (Files.isDirectory(EMULATED) ? EMULATED : folder).toString());
        List<String> command = new ArrayList<>(
                List.of(folder.resolve("un packed/kib4j-gpu/device-check").toString()));
        command.addAll(List.of(chosen));
        Python.Ended ended = Python.runProgram(environment, command);
        assertThat(ended.status()).as(ended.output()).isZero();
        report = new ObjectMapper().readTree(folder.resolve("out/report.json").toFile());
        Map<String, JsonNode> steps = new LinkedHashMap<>();
        report.get("steps").forEach(step -> steps.put(step.get("step").asText(), step));
        return steps;
    }
}
