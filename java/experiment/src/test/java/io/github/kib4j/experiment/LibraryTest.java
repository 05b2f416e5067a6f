package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program does what the command line does: it trains by several rules, stops, goes on and evaluates. */
final class LibraryTest {
    @TempDir
    Path folder;

    private static Settings tiny() {
        Settings given = new Settings().set(Key.DATASET, "shapes").set(Key.MODEL, "mlp");
        given.set(Key.LAYERS, "16").set(Key.GROUPS, "4").set(Key.RULE, "phsic,backprop");
        given.set(Key.LIMIT_TRAIN, "40").set(Key.LIMIT_TEST, "20").set(Key.BATCH, "20");
        return given.set(Key.EPOCHS, "2").set(Key.DEVICE, "reference");
    }

    @Test
    void aProgramTrainsStopsGoesOnAndEvaluates() throws IOException {
        Path place = folder.resolve("run");
        Run begun = Run.begin(Experiment.of(tiny(), null, null), place);
        List<String> told = new ArrayList<>();
        assertThat(begun.train("a test", new RunListener() {
                    @Override
                    public void epoch(EpochResult epoch, Evaluation test) {
                        told.add("epoch " + epoch.epoch());
                    }

                    @Override
                    public boolean stops() {
                        return !told.isEmpty();
                    }
                }))
                .as("stopped after the first epoch")
                .isEmpty();
        assertThat(told).containsExactly("epoch 1");
        assertThat(new RunFolder(place).readRun().get("state").asText()).isEqualTo("interrupted");
        Map<String, ObjectNode> records = Run.resume(place, new Settings())
                .train("a test that goes on", new RunListener() {})
                .orElseThrow();
        assertThat(records.keySet()).containsExactly("phsic", "backprop");
        Map<String, RunEvaluation> evaluated = RunEvaluation.of(place, new Settings(), null, new RunListener() {});
        records.forEach((rule, record) -> {
            assertThat(record.get("epochs").asInt()).isEqualTo(2);
            assertThat(evaluated.get(rule).evaluation().accuracy())
                    .isEqualTo(record.get("test_accuracy").asDouble());
        });
        ObjectNode whole = new RunFolder(place).readRun();
        assertThat(whole.get("command").asText()).isEqualTo("a test");
        assertThat(whole.get("sessions").get(1).get("command").asText()).isEqualTo("a test that goes on");
        assertThat(new RunFolder(place.resolve("backprop"))
                        .readRun()
                        .get("sessions")
                        .get(0)
                        .get("command")
                        .asText())
                .as("a rule that begins when the run goes on")
                .isEqualTo("a test that goes on");
    }
}
