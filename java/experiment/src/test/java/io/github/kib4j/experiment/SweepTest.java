package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.experiment.TrialWorker.Outcome;
import io.github.kib4j.testkit.Mutations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Searches over settings: what they try, who goes on, what is no search. */
final class SweepTest {
    private static final int MILLISECONDS = 1000;

    @TempDir
    Path folder;

    @TempDir
    Path data;

    private String base;

    @BeforeEach
    void writeImages() throws IOException {
        base = TinyStudy.settings(data)
                .toToml(
                        "[base]\n",
                        key -> Set.of(Key.DATASET, Key.DATA, Key.MODEL, Key.LAYERS, Key.BATCH, Key.DEVICE)
                                .contains(key));
        base += "lr-readout = 0.05\n";
    }

    private Sweep sweep(String text) {
        try {
            return Sweep.read(Files.writeString(folder.resolve("sweep.toml"), text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a sweep in a folder, and returns the table's lines by their labels but the rank. */
    private StudyTable run(Sweep sweep, String place, TrialWorker worker) throws IOException {
        try (Study study =
                Study.open(folder.resolve(place), "a test", worker, Parallelism.of(1), new StudyListener() {})) {
            return sweep.run(study);
        }
    }

    private static List<String> labels(StudyTable table) {
        return table.lines().stream()
                .map(line -> String.join(" ", line.candidate().labels().values()))
                .toList();
    }

    private static List<Integer> epochs(StudyTable table) {
        return table.lines().stream()
                .map(line -> line.candidate().trials().get(0).epochs())
                .toList();
    }

    @Test
    void aGridHasEveryCombinationAndRanksThem() throws IOException {
        Sweep sweep = sweep("seeds = 2\n" + base
                + "epochs = 1\n[grid]\nrule = [\"phsic\", \"backprop\"]\nlr-local = [0.1, 1e30]\n");
        assertThat(sweep.size()).as("backprop has no local learning rate").isEqualTo(3);
        StudyTable table = run(sweep, "grid", new TrialTraining());
        assertThat(table.measured()).isEqualTo("test accuracy");
        assertThat(labels(table))
                .containsExactlyInAnyOrder(labels(table).get(0), labels(table).get(1), " phsic 1e30");
        assertThat(labels(table).get(2))
                .as("what diverged is last, and has no rank")
                .isEqualTo(" phsic 1e30");
        assertThat(labels(table).get(0)).startsWith("1 ");
        assertThat(table.lines().get(0).mean())
                .isGreaterThanOrEqualTo(table.lines().get(1).mean());
        assertThat(table.lines()).allSatisfy(line -> {
            assertThat(line.results()).hasSize(2);
            assertThat(line.candidate().paper()).isNull();
        });
        assertThat(Files.readString(folder.resolve("grid/table.csv"))).startsWith("rank,rule,lr-local,");
    }

    @Test
    void listsOfListsAreValuesOfASettingThatIsAList() {
        Sweep sweep = sweep(base.replaceFirst("layers = .*\n", "") + "[grid]\nlayers = [[8, 8], [16], 4]\n");
        assertThat(sweep.size()).isEqualTo(3);
    }

    @Test
    void theSameDrawsForTheSameSeedAndTheFirstOfMore() throws IOException {
        String ranges = base + "epochs = 1\n[random]\nlr-local = {from = 0.01, to = 10, log = true}\n"
                + "dropout = {from = 0, to = 0.5}\ngroups = [2, 4]\nsigma = {from = 1, to = 9}\nkernel = [\"gaussian\"]\n";
        TrialWorker none = ends();
        List<String> four = labels(run(sweep(ranges + "runs = 4\nseed = 5\n"), "a", none));
        List<String> six = labels(run(sweep(ranges + "runs = 6\nseed = 5\n"), "b", none));
        List<String> other = labels(run(sweep(ranges + "runs = 4\nseed = 6\n"), "c", none));
        assertThat(four).hasSize(4).doesNotHaveDuplicates();
        assertThat(six).hasSize(6).startsWith(four.toArray(new String[0]));
        assertThat(other).isNotEqualTo(four);
        StudyTable many = run(sweep(ranges + "runs = 60\n"), "d", none);
        List<Double> rates = many.lines().stream()
                .map(line -> Double.parseDouble(
                        line.candidate().trials().get(0).settings().text(Key.LR_LOCAL)))
                .toList();
        assertThat(rates).allSatisfy(rate -> assertThat(rate).isBetween(0.01, 10.0));
        assertThat(rates.stream().filter(rate -> rate < 0.316).count())
                .as("half of them below the middle of the logarithms; seed 0")
                .isBetween(20L, 40L);
        Set<String> groups = many.lines().stream()
                .map(line -> String.valueOf(line.candidate().labels().get("groups")))
                .collect(Collectors.toSet());
        assertThat(groups).containsExactlyInAnyOrder("2", "4");
    }

    @Test
    void wholeNumbersReachBothEnds() throws IOException {
        for (String log : List.of("", ", log = true")) {
            String text = base + "[random]\nruns = 50\nwarm-up = [0]\nlimit-train = {from = 20, to = 23" + log + "}\n";
            assertThat(sweep(text).size()).as(log).isEqualTo(4);
        }
    }

    private static TrialWorker ends() {
        return new TrialWorker() {
            @Override
            public Outcome train(Trial trial, Path run, String command, Listener listener) {
                return new Outcome(Outcome.Kind.FAILED, "not trained.");
            }

            @Override
            public void stop() {
                // Nothing runs.
            }
        };
    }

    private Sweep halving(String more, String rates) {
        return sweep("halving = 2\n" + base + "epochs = 4\nmilestones = [2, 3]\nwarm-up = 2\n" + more
                + "[grid]\nlr-local = [" + rates + "]\n");
    }

    @Test
    void theBestGoOnWithMoreEpochs() throws IOException {
        StudyTable table = run(halving("", "0.001, 0.01, 0.1, 1, 1e30"), "halving", new TrialTraining());
        assertThat(epochs(table)).containsExactly(4, 2, 1, 1, 1);
        assertThat(labels(table).get(0)).startsWith("1 ");
        assertThat(labels(table).get(4)).isEqualTo(" 1e30");
        Settings first = table.lines().get(2).candidate().trials().get(0).settings();
        assertThat(first.text(Key.MILESTONES)).as("scaled").isEqualTo("1,1");
        assertThat(first.text(Key.WARM_UP)).isEqualTo("0.5");
        Settings last = table.lines().get(0).candidate().trials().get(0).settings();
        assertThat(last.text(Key.MILESTONES)).isEqualTo("2,3");
        assertThat(table.lines().get(2).mean())
                .isGreaterThanOrEqualTo(table.lines().get(3).mean());
    }

    @Test
    void stoppedInAnyRoundAndGoneOnIsAsLeftAlone() throws IOException {
        run(halving("", "0.001, 0.01, 0.1, 1"), "whole", new TrialTraining());
        Map<String, String> whole = TinyStudy.bits(folder.resolve("whole"));
        for (int steps : new int[] {2, 18, 33}) {
            String place = "stopped" + steps;
            List<Study> opened = new ArrayList<>();
            StudyListener stopping = new StudyListener() {
                private int done;

                @Override
                public void step(Trial trial, int epoch, int step, int all) {
                    done++;
                    if (done == steps) {
                        opened.get(0).stop();
                    }
                }
            };
            try (Study study =
                    Study.open(folder.resolve(place), "a test", new TrialTraining(), Parallelism.of(1), stopping)) {
                opened.add(study);
                halving("", "0.001, 0.01, 0.1, 1").run(study);
                assertThat(study.isStopped()).as(steps + " steps").isTrue();
            }
            run(halving("", "0.001, 0.01, 0.1, 1"), place, new TrialTraining());
            assertThat(TinyStudy.bits(folder.resolve(place)))
                    .as(steps + " steps")
                    .isEqualTo(whole);
        }
    }

    @Test
    void validationImagesMayDecide() throws IOException {
        StudyTable table = run(halving("validation = true\n", "0.1, 1, 2, 3"), "validated", ends());
        assertThat(table.measured()).isEqualTo("validation accuracy");
        assertThat(table.text()).contains("validation accuracy %").contains("failed");
        assertThat(epochs(table)).as("none goes on").containsOnly(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[grid];lr-local = [0.1];[grids] | line 4, column 1: There is no 'grids' of a sweep; did you mean grid?",
                "lr-local = 3 | line 2, column 1: There is no 'lr-local' of a sweep",
                "seeds = 0 | line 2, column 1: 'seeds' must be a whole number from 1 to 1000, but is '0'.",
                "halving = 1 | line 2, column 1: 'halving' must be a whole number from 2",
                "seeds = [2] | line 2, column 1: 'seeds' must be a whole number",
                "[seeds] | line 2, column 1: 'seeds' must be a whole number.",
                "grid = 3 | line 2, column 1: 'grid' must be a table, [grid].",
                "[base];lr-lokal = 3 | line 3, column 1: There is no setting 'lr-lokal'; did you mean lr-local?",
                "[base];epochs = 0 | line 3, column 1: --epochs must be a whole number",
                "[base];preset = \"no\";[grid];gamma = [1] | There is no preset 'no'",
                "[base] | has no setting in [grid] or [random]; a sweep searches one of them.",
                "[grid];gamma = [1];[random];runs = 2;sigma = [1] | has both [grid] and [random]",
                "[grid];gamma = 3 | line 3, column 1: 'gamma' must be a list of values, [A, B, ...].",
                "[grid];gamma = [] | line 3, column 1: 'gamma' must be a list of values",
                "[grid];gamma = [1, 1.0] | line 3, column 1: 'gamma' has the value 1.0 twice.",
                "[grid];gamma = [1, -1] | line 3, column 1: --gamma must be a number, or several with commas between them, from 0",
                "[grid];gamma = [{a = 1}] | line 3, column 1: 'gamma' is a table",
                "[grid];kernel = [\"round\"] | line 3, column 1: There is no kernel 'round'",
                "[grid];rule = [\"phsic,backprop\"] | line 3, column 1: There is no rule 'phsic,backprop'",
                "[grid];seed = [1, 2] | line 3, column 1: Seeds are not searched",
                "[grid];device = [\"reference\"] | line 3, column 1: 'device' does not change what is learned",
                "[base];gamma = 1;[grid];gamma = [1, 2] | line 5, column 1: 'gamma' is set in [base] as well",
                "[grid];layers = [[8]] | --layers means nothing to the model vgg",
                "halving = 2;[grid];epochs = [1, 2] | line 4, column 1: 'epochs' cannot be searched with 'halving'",
                "halving = 3;[grid];gamma = [1, 2] | line 2, column 1: 'halving = 3' needs at least 3 combinations and 3 epochs,"
                        + " but there are 2 and 10.",
                "[random];gamma = [1] | [random] must say how many combinations to draw: 'runs = N'.",
                "[random];runs = 3 | [random] names no setting to draw.",
                "[random];runs = 0;gamma = [1] | line 3, column 1: 'runs' must be a whole number",
                "[random];runs = 2;gamma = 3 | line 4, column 1: 'gamma' must be a list of values, [A, B, ...], or a range",
                "[random];runs = 2;gamma = {from = 1} | line 4, column 1: 'gamma' must be a list of values",
                "[random];runs = 2;gamma = {from = 1, to = 2, by = 1} | line 4, column 1: 'gamma' must be a list",
                "[random];runs = 2;gamma = {from = 2, to = 1} | line 4, column 1: The range of 'gamma' must go up, but goes from 2"
                        + " to 1.",
                "[random];runs = 2;gamma = {from = 0, to = 1, log = true} | must go up from above 0, but goes from 0 to 1.",
                "[random];runs = 2;gamma = {from = -2, to = 1} | line 4, column 1: --gamma must be a number, or several with commas between them, from 0",
                "[random];runs = 2;kernel = {from = 1, to = 2} | line 4, column 1: 'kernel' is no number",
                "[grid];groups = [3] | groups=3: Hidden layer 1 has",
                "[base];rule = \"phsic,hsic\";[grid];gamma = [1] | one rule each"
            })
    void eachMistakeIsASentenceWithItsPlace(String text, String sentence) {
        String lines = "# a sweep\n" + text.replace(";", "\n") + "\n";
        assertThatThrownBy(() -> sweep(lines))
                .isInstanceOf(UsageException.class)
                .hasMessageStartingWith(folder.resolve("sweep.toml").toString())
                .hasMessageContaining(sentence)
                .hasMessageEndingWith(".")
                .hasMessageNotContaining("null");
    }

    @Test
    void randomVariants() {
        String grid = "seeds = 2\nhalving = 2\n" + base + "[grid]\nlr-local = [0.1, 1e-3]\nlayers = [[8], [4, 4]]\n";
        String random = base + "[random]\nruns = 3\nseed = 1\nlr-local = {from = 0.1, to = 1, log = true}\n";
        List<byte[]> files = List.of(grid.getBytes(StandardCharsets.UTF_8), random.getBytes(StandardCharsets.UTF_8));
        Path file = folder.resolve("variant.toml");
        assertThat(Mutations.read(files, MILLISECONDS, bytes -> {
                    Files.write(file, bytes);
                    try {
                        assertThat(Sweep.read(file).size()).isPositive();
                    } catch (UsageException e) {
                        assertThat(e.getMessage()).endsWith(".").doesNotContain("Exception", "null");
                    }
                }))
                .isPositive();
    }
}
