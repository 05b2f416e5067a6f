package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a device decides by itself is told once, and stands in the record of each session that it was decided in. */
final class DecisionsTest {
    private static final String FORWARD = "forward: the only way, nothing";
    private static final String WEIGHT_GRADIENT = "weightGradient: the only way, nothing";
    private static final String DATA_GRADIENT = "dataGradient: the only way, nothing";

    @TempDir
    Path folder;

    private static Settings tiny() {
        Settings given = new Settings().set(Key.DATASET, "shapes").set(Key.MODEL, "mlp");
        given.set(Key.LAYERS, "8").set(Key.GROUPS, "4").set(Key.RULE, "phsic,backprop");
        given.set(Key.LIMIT_TRAIN, "20").set(Key.LIMIT_TEST, "10").set(Key.BATCH, "10");
        return given.set(Key.EPOCHS, "1").set(Key.DEVICE, DecidingProvider.NAME);
    }

    private static List<String> decisions(Path run, int session) throws IOException {
        ObjectNode record = new RunFolder(run).readRun();
        List<String> lines = new ArrayList<>();
        record.get("sessions").get(session).get("decisions").forEach(line -> lines.add(line.asText()));
        return lines;
    }

    private static RunListener into(List<String> said) {
        return new RunListener() {
            @Override
            public void say(String line) {
                said.add(line);
            }
        };
    }

    @Test
    void theyAreToldOnceAndKept() throws IOException {
        Path place = folder.resolve("run");
        List<String> said = new ArrayList<>();
        Run.begin(Experiment.of(tiny(), null, null), place).train("a test", into(said));
        assertThat(said)
                .filteredOn(line -> line.startsWith("Products"))
                .containsExactly(
                        "Products of f32: 1 by loops, 1 by sums; run.json lists them.",
                        "Products of f32: 1 by sums; run.json lists them.");
        assertThat(said).filteredOn(DecidingProvider.PROBLEM::equals).hasSize(1);
        assertThat(decisions(place.resolve("phsic"), 0)).containsExactly(FORWARD, WEIGHT_GRADIENT);
        assertThat(decisions(place.resolve("backprop"), 0)).containsExactly(FORWARD, WEIGHT_GRADIENT, DATA_GRADIENT);
        JsonNode record = new RunFolder(place.resolve("phsic")).readRun();
        assertThat(record.get("precision").asText()).isEqualTo("f32");
    }

    @Test
    void aSessionThatGoesOnHasItsOwn() throws IOException {
        Path place = folder.resolve("run");
        Settings given = tiny().set(Key.RULE, "phsic");
        Run.begin(Experiment.of(given, null, null), place).train("a test", new RunListener() {});
        List<String> said = new ArrayList<>();
        Run.resume(place, new Settings().set(Key.EPOCHS, "2")).train("a test that goes on", into(said));
        assertThat(said).contains("Products of f32: 1 by loops, 1 by sums; run.json lists them.");
        assertThat(decisions(place, 1)).isEqualTo(decisions(place, 0)).containsExactly(FORWARD, WEIGHT_GRADIENT);
    }
}
