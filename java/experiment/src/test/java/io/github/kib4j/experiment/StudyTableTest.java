package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.experiment.TrialResult.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tables of made-up results: every kind of cell, in every format. */
final class StudyTableTest {
    private static StudyTable.Line line(String preset, String column, TrialResult... results) {
        Settings given = new Settings().set(Key.EPOCHS, "10");
        Experiment experiment = Experiment.of(given, null, preset);
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("data set", "mnist");
        labels.put("column", column);
        return new StudyTable.Line(Candidate.of(labels, preset, experiment, results.length), List.of(results));
    }

    private static TrialResult finished(double accuracy, double seconds) {
        return new TrialResult(State.FINISHED, accuracy, Double.NaN, 99, 10, seconds, "");
    }

    private static TrialResult other(State state, String remark) {
        return TrialResult.without(state, 3, 20, remark);
    }

    private static StudyTable table(StudyTable.Line... lines) {
        return new StudyTable("A study", "test accuracy", List.of(lines), null);
    }

    private final StudyTable all = table(
            line("mlp-mnist-gaussian", "gaussian", finished(94, 60), finished(95, 62)),
            line("mlp-mnist-cosine", "cosine", finished(95.25, 3700), other(State.BEGUN, "at epoch 3 of 10")),
            line(
                    "mlp-mnist-backprop",
                    "backprop",
                    other(State.DIVERGED, "diverged in step 12 (hidden layer 2)"),
                    other(State.FAILED, "failed: it had \"a, b\" | c.")),
            line("mlp-mnist-readout", "readout", other(State.SKIPPED, "No files."), other(State.SKIPPED, "No files.")),
            line("mlp-mnist-readout-div", "readout-div", other(State.WAITING, ""), other(State.WAITING, "")));

    @Test
    void aTerminalSeesColumnsThatAreAsWideAsTheyMustBe() {
        assertThat(all.text()).isEqualTo("""
                        data set  column       paper %        ours %  difference   seeds  epochs     time  remark
                        mnist     gaussian        94.6  94.50 ± 0.71       -0.10       2      10     1:01
                        mnist     cosine          94.9         95.25       +0.35  1 of 2      10  1:01:40  seed 1 at epoch 3 of 10
                        mnist     backprop        98.6      diverged              0 of 2      10           seed 0 diverged in step 12 (hidden layer 2); seed 1 failed: it had "a, b" | c
                        mnist     readout         92.0       skipped              0 of 2      10           No files.
                        mnist     readout-div     95.4                            0 of 2      10
                        """);
    }

    @Test
    void withoutThePapersFiguresNothingIsCompared() {
        Experiment own = Experiment.of(
                new Settings().set(Key.DATASET, "shapes").set(Key.MODEL, "mlp").set(Key.VALIDATION, "false"),
                null,
                null);
        Candidate candidate = Candidate.of(Map.of("lr-local", "0.1"), "lr-local=0.1", own, 1);
        assertThat(candidate.measured()).isEqualTo("test accuracy");
        StudyTable table = table(new StudyTable.Line(candidate, List.of(finished(50, 5))));
        assertThat(table.text()).isEqualTo("""
                        lr-local  test accuracy %  seeds  epochs  time
                        0.1                 50.00      1      10  0:05
                        """);
        assertThat(table.toJson().get(0).get("paper_accuracy").isNull()).isTrue();
    }

    @Test
    void markdownIsATable() {
        List<String> lines = all.markdown("kib experiment mlp-table").lines().toList();
        assertThat(lines.get(0)).isEqualTo("# A study");
        assertThat(lines.get(1)).isEqualTo("`kib experiment mlp-table`");
        assertThat(lines.get(3)).startsWith("| data set | column | paper % | ours % |");
        assertThat(lines.get(4)).startsWith("| --- | --- | ---: | ---: |");
        assertThat(lines.get(5)).isEqualTo("| mnist | gaussian | 94.6 | 94.50 ± 0.71 | -0.10 | 2 | 10 | 1:01 |  |");
        assertThat(lines.get(7)).as("a bar in a cell").contains("\"a, b\" \\| c |");
    }

    @Test
    void commaSeparatedValuesHaveAllNumbersAndQuotes() {
        List<String> lines = all.csv().lines().toList();
        assertThat(lines.get(0))
                .isEqualTo("data_set,column,paper_accuracy,accuracy,deviation,difference,seeds_finished,seeds,epochs,"
                        + "train_seconds,remark");
        assertThat(lines.get(1)).isEqualTo("mnist,gaussian,94.6,94.5000,0.7071,-0.1000,2,2,10,61.0,");
        assertThat(lines.get(3))
                .isEqualTo("mnist,backprop,98.6,,,,0,2,10,,\"seed 0 diverged in step 12 (hidden layer 2); seed 1"
                        + " failed: it had \"\"a, b\"\" | c\"");
        List<String> trials = all.trialsCsv().lines().toList();
        assertThat(trials).hasSize(11);
        assertThat(trials.get(1))
                .matches("mnist,gaussian,0,mlp-mnist-gaussian-seed-0-[0-9a-f]{10},finished,94.0000,99.0000,10,60.0,");
        assertThat(trials.get(5)).endsWith(",diverged,,,3,20.0,diverged in step 12 (hidden layer 2)");
    }

    @Test
    void programsReadJson() {
        assertThat(all.toJson().get(0).get("deviation").asDouble()).isEqualTo(Math.sqrt(0.5));
        assertThat(all.toJson().get(0).get("runs")).hasSize(2);
        assertThat(all.toJson().get(2).get("accuracy").isNull()).isTrue();
        assertThat(all.toJson().get(2).at("/labels/column").asText()).isEqualTo("backprop");
    }

    @Test
    void gainsAreOfTheSameSeeds() {
        StudyTable.Line plain = line("mlp-mnist-cosine", "none", finished(90, 60), finished(92, 60), finished(94, 60));
        StudyTable.Line other = line(
                "mlp-mnist-cosine", "other", finished(91, 90), other(State.DIVERGED, "diverged"), finished(97, 90));
        StudyTable.Line none = line("mlp-mnist-cosine", "late", other(State.WAITING, ""));
        StudyTable table = new StudyTable("A study", "test accuracy", List.of(plain, other, none), plain);
        assertThat(table.gain(other)).isEqualTo(new StudyTable.Gain(2, Math.sqrt(2)));
        assertThat(table.gain(none).mean()).isNaN();
        assertThat(table.text())
                .contains("       gain   seeds")
                .contains("+2.00 ± 1.41")
                .contains("92.00 ± 2.00");
        assertThat(table.markdown("kib"))
                .contains("| gain |")
                .contains("gain is the mean difference to the first line");
        assertThat(table.csv())
                .contains(",2.0000,1.4142,2,3,")
                .contains(",difference,gain,gain_deviation,seeds_finished");
        assertThat(table.toJson().get(1).get("gain").asDouble()).isEqualTo(2);
        assertThat(table.toJson().get(0).get("gain").isNull()).isTrue();
        assertThat(all.csv()).doesNotContain("gain");
    }

    @Test
    void accuraciesWithMirrorImagesAreAColumnOfTheirOwn() {
        StudyTable table = table(
                line("mlp-mnist-cosine", "plain", finished(90, 60), finished(92, 60)),
                line(
                        "mlp-mnist-cosine",
                        "flips",
                        new TrialResult(State.FINISHED, 90, 91, 99, 10, 60, ""),
                        new TrialResult(State.FINISHED, 92, 93.5, 99, 10, 60, "")));
        assertThat(table.text()).isEqualTo("""
                        data set  column  paper %        ours %  difference  with flips %  seeds  epochs  time
                        mnist     plain      94.9  91.00 ± 1.41       -3.90                    2      10  1:00
                        mnist     flips      94.9  91.00 ± 1.41       -3.90         92.25      2      10  1:00
                        """);
        assertThat(table.csv()).contains(",remark,accuracy_with_flips\n").endsWith(",92.2500\n");
        assertThat(table.toJson().get(0).get("accuracy_with_flips").isNull()).isTrue();
        assertThat(table.toJson().get(1).get("accuracy_with_flips").asDouble()).isEqualTo(92.25);
        assertThat(all.toJson().get(0).has("accuracy_with_flips")).isFalse();
    }
}
