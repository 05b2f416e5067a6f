package io.github.kib4j.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench/gpu} alone in another folder, as on a bare machine: the steps that need none of kib4j's code. */
final class DeviceCheckTest {
    private static final List<String> STEPS = List.of("machine", "rival", "probe", "ceiling");
    /** Of cuDNN's small cases, those that the emulated device computes; it has no weight gradients of another type. */
    private static final int RIGHT = 24;

    @TempDir
    Path folder;

    @Test
    void everyStepIsThereOrSaysWhyNot() throws IOException, InterruptedException {
        Path libraries = Path.of(System.getProperty("emulator.build"), "lib");
        Map<String, JsonNode> steps = check(Files.isDirectory(libraries) ? libraries : folder);
        assertThat(steps.keySet()).containsExactlyElementsOf(STEPS);
        assertThat(state(steps, "machine")).isEqualTo("well");
        for (String torch : List.of("rival", "ceiling")) {
            if (!state(steps, torch).equals("well")) {
                assertThat(state(steps, torch)).isEqualTo("skipped");
                assertThat(why(steps, torch)).contains("cannot import torch").endsWith(".");
            }
        }
        JsonNode report =
                new ObjectMapper().readTree(folder.resolve("out/report.json").toFile());
        if (Files.isDirectory(libraries)) {
            assertThat(state(steps, "probe")).as(why(steps, "probe")).isEqualTo("well");
            List<JsonNode> rows = report.at("/results/probe/rows").findParents("right");
            assertThat(rows).hasSize(RIGHT).allMatch(row -> row.get("right").asBoolean());
        } else {
            assertThat(why(steps, "probe")).startsWith("There is no libcudart.so.13 and no libcudnn.so.9 here");
        }
        assertThat(folder.resolve("out/report.md"))
                .content()
                .contains("A dry run with small sizes", "| machine | well |", "## Machine");
        assertThat(folder.resolve("out/logs.tar.gz")).isNotEmptyFile();
    }

    /** Runs the steps in a copy of the folder; returns them by name. */
    private Map<String, JsonNode> check(Path libraries) throws IOException, InterruptedException {
        Path copy = Files.createDirectory(folder.resolve("a copy"));
        try (var files = Files.newDirectoryStream(Python.GPU, Files::isRegularFile)) {
            for (Path file : files) {
                Files.copy(file, copy.resolve(file.getFileName().toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        Map<String, String> environment = new HashMap<>();
        environment.put("OUT", folder.resolve("out").toString());
        environment.put("KIB_WORK", folder.resolve("work").toString());
        environment.put("KIB_DRY", "1");
        environment.put("KIB_SECONDS", "60");
        environment.put("KIB_CUDA_LIBRARIES", libraries.toString());
        List<String> command =
                new ArrayList<>(List.of(copy.resolve("device-check").toString()));
        command.addAll(STEPS);
        Python.Ended ended = Python.runProgram(environment, command);
        assertThat(ended.status()).as(ended.output()).isZero();
        Map<String, JsonNode> steps = new LinkedHashMap<>();
        new ObjectMapper()
                .readTree(folder.resolve("out/report.json").toFile())
                .get("steps")
                .forEach(step -> steps.put(step.get("step").asText(), step));
        return steps;
    }

    private static String state(Map<String, JsonNode> steps, String name) {
        return steps.get(name).get("state").asText();
    }

    private static String why(Map<String, JsonNode> steps, String name) {
        return steps.get(name).get("why").asText();
    }
}
