package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code kib experiment} on made-up images: tables, kills, what is missing, what is asked wrongly. */
final class ExperimentCommandTest {
    private static final int TERMINATED = 143;

    @TempDir
    Path folder;

    @BeforeEach
    void writeImages() throws IOException {
        TinyImages.idx(folder.resolve("data/mnist"), 60, 20);
    }

    private List<String> command(String out, String... more) {
        List<String> command = new ArrayList<>(List.of("experiment", "mlp-table", "--data"));
        command.addAll(List.of(
                folder.resolve("data").toString(), "--out", folder.resolve(out).toString()));
        command.addAll(List.of(
                "--datasets", "mnist", "--layers", "16,12", "--groups", "4", "--batch", "10", "--device", "reference"));
        command.addAll(List.of(more));
        return command;
    }

    private CommandResult run(String out, String... more) {
        return kib(command(out, more).toArray(new String[0]));
    }

    /** Returns what runs have left but times: tables, and the last weights. */
    private Map<String, String> result(String out) throws IOException {
        Map<String, String> result = new TreeMap<>();
        List<String> runs = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(out).resolve("runs.csv"))) {
            runs.add(line.replaceFirst(",[0-9.]+,([^,]*)$", ",$1"));
        }
        result.put("runs.csv", String.join("\n", runs));
        try (Stream<Path> files = Files.walk(folder.resolve(out))) {
            for (Path file :
                    files.filter(path -> path.endsWith("weights.safetensors")).toList()) {
                byte[] weights = Files.readAllBytes(file);
                result.put(
                        folder.resolve(out).relativize(file).toString(),
                        HexFormat.of().formatHex(weights));
            }
        }
        return result;
    }

    @Test
    void theTableIsPrintedAndWritten() throws IOException {
        String[] options = {"--columns", "cosine,backprop", "--epochs", "2", "--seeds", "1", "--parallel", "2"};
        CommandResult result = run("table", options);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err())
                .contains("Milestones of the preset scaled from 50,75,90 of 100 epochs to 1,2,2 of 2.")
                .contains("\n2 runs.\n")
                .containsPattern("mlp-mnist-cosine, seed 0: [0-9.]+ % after 2 epochs \\(0:0.\\); [12] of 2 runs done.");
        assertThat(result.err().split("60 training images", -1)).as("said once").hasSize(2);
        assertThat(result.out())
                .startsWith("data set  column    paper %  ours %  difference  seeds  epochs  time\n")
                .containsPattern("\nmnist     backprop     98.6 +[0-9.]+ +-[0-9.]+ +1 +2  0:0")
                .endsWith("Folder: " + folder.resolve("table")
                        + " (table.md, table.csv, table.json, runs.csv, and the runs)\nReport: "
                        + folder.resolve("table/report.html") + "\n");
        assertThat(Files.readString(folder.resolve("table/report.html")))
                .contains("<title>The paper&#39;s table of MLPs</title>")
                .contains("<td class=\"number\">98.6</td>")
                .contains("<code>kib experiment mlp-table --data ");
        assertThat(Files.readString(folder.resolve("table/table.md"))).contains("`kib experiment mlp-table --data ");
        CommandResult again = run("table", options);
        assertThat(again.code()).isZero();
        assertThat(again.out()).isEqualTo(result.out());
        assertThat(again.err()).contains("2 runs, of which 2 are done.").doesNotContain("after 2 epochs");
        JsonNode json = new ObjectMapper()
                .readTree(run("table", "--columns", "cosine", "--epochs", "2", "--seeds", "1", "--quiet", "--json")
                        .out());
        assertThat(json.get("state").asText()).isEqualTo("finished");
        assertThat(json.at("/lines/0/accuracy").asDouble()).isBetween(0.0, 100.0);
        assertThat(folder.resolve("table/runs")
                        .resolve(json.at("/lines/0/runs/0").asText())
                        .resolve("run.json"))
                .exists();
    }

    /** The process of a run outlives the one that began it by a step, and the next waits for it. */
    @Test
    void killedHalfWayAndGoneOnIsAsLeftAlone() throws Exception {
        String[] options = {"--columns", "cosine", "--epochs", "10", "--seeds", "2"};
        assertThat(run("whole", options).code()).isZero();
        List<String> killed = command("killed", options);
        try (Child child = new Child(folder.resolve("err"), killed)) {
            child.await(folder.resolve("killed/table.md"));
            awaitStep(child);
            child.kill();
        }
        assertThat(Files.readString(folder.resolve("killed/table.md"))).contains("0 of 2");
        CommandResult on = run("killed", options);
        assertThat(on.code()).as(on.err()).isZero();
        assertThat(result("killed")).isEqualTo(result("whole"));
    }

    private void awaitStep(Child child) throws IOException, InterruptedException {
        boolean begun = false;
        while (!begun) {
            assertThat(child.endsWithin(2_000_000)).as(child.said()).isFalse();
            try (Stream<Path> files = Files.walk(folder.resolve("killed"))) {
                begun = files.anyMatch(file -> file.endsWith("step-6"));
            } catch (UncheckedIOException e) {
                // A checkpoint was removed meanwhile.
            }
        }
    }

    @Test
    void aSignalSavesAllAndSaysHowToGoOn() throws Exception {
        List<String> endless = command(
                "out",
                "--columns",
                "cosine,readout",
                "--epochs",
                "100000",
                "--parallel",
                "2",
                "--schedule",
                "constant");
        try (Child child = new Child(folder.resolve("err"), endless);
                Child second = new Child(folder.resolve("second"), endless)) {
            Child refused = firstToEnd(child, second);
            Child other = refused == child ? second : child;
            Path runs = folder.resolve("out/runs");
            other.await(runs);
            while (states(runs).size() < 2) {
                assertThat(other.endsWithin(2_000_000)).as(other.said()).isFalse();
            }
            assertThat(refused.code()).isEqualTo(1);
            assertThat(refused.said())
                    .endsWith("kib: The experiment in " + folder.resolve("out") + " is being run by process "
                            + other.pid() + "; wait until that ends, or stop it.\n");
            other.signal("TERM");
            assertThat(other.code()).as(other.said()).isEqualTo(TERMINATED);
            assertThat(other.said())
                    .contains("Stopping after this step")
                    .contains("Go on with: kib experiment mlp-table");
            assertThat(states(runs)).containsOnly("interrupted");
        }
    }

    /** Returns the one that is refused, whichever of two that begin together it is: the other one has no end. */
    private static Child firstToEnd(Child first, Child second) throws InterruptedException {
        while (true) {
            if (first.endsWithin(2_000_000)) {
                return first;
            }
            if (second.endsWithin(2_000_000)) {
                return second;
            }
        }
    }

    private static List<String> states(Path runs) throws IOException {
        List<String> states = new ArrayList<>();
        try (Stream<Path> entries = Files.list(runs)) {
            for (Path run : entries.map(entry -> entry.resolve("run.json"))
                    .filter(Files::exists)
                    .toList()) {
                states.add(new ObjectMapper()
                        .readTree(Files.readString(run))
                        .path("state")
                        .asText());
            }
        }
        return states;
    }

    @Test
    void whatIsMissingIsPassedOverWithALineAndACode() {
        String[] options = {"--datasets", "kmnist,mnist", "--columns", "readout", "--epochs", "1", "--seeds", "1"};
        CommandResult result = run("out", options);
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err().lines().filter(line -> line.startsWith("Skipped: ")))
                .singleElement()
                .asString()
                .startsWith("Skipped: kmnist. The files of kmnist are not found in " + folder.resolve("data"))
                .endsWith("'kib data fetch kmnist' fetches it; --data DIR names the place.");
        assertThat(result.out())
                .containsPattern("kmnist +readout +71.2 +skipped")
                .containsPattern("mnist +readout +92.0 +[0-9]");
    }

    @Test
    void whatDivergesIsATableCell() {
        CommandResult result = run("out", "--columns", "cosine", "--epochs", "1", "--seeds", "1", "--lr-local", "1e30");
        assertThat(result.code()).isZero();
        assertThat(result.out()).containsPattern("cosine +94.9 +diverged .* seed 0 diverged in step [0-9]+ \\(");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--seeds 0 | --seeds must be a whole number from 1 to 1000, but is '0'.",
                "--seeds two | Invalid value for option '--seeds'",
                "--parallel 0 | --parallel must be a whole number",
                "--columns cosin | There is no column 'cosin'; did you mean cosine",
                "--datasets imagenet | There is no data set 'imagenet'",
                "--widths 1 | --widths means nothing to mlp-table; leave it out.",
                "--rule phsic | There is no option '--rule'",
                "--width 0.3 | mlp-mnist-gaussian: --width 0.3 leaves no whole number",
                "--out= | --out must name a folder, but is empty.",
                "--preset quickstart | --preset means nothing to mlp-table; leave it out."
            })
    void wrongOptionsAreASentence(String options, String sentence) {
        run("out", options.split(" ")).assertSentence(2, sentence);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void wrongWordsAreASentence() {
        kib("experiment", "vgg-tabel").assertSentence(2, "There is no experiment 'vgg-tabel'; did you mean vgg-table?");
        kib("experiment").assertSentence(2, "'kib experiment --help' lists the options.");
        kib("experiment", "vgg-table", "--datasets", "mnist")
                .assertSentence(2, "--datasets means nothing to vgg-table");
        String data = folder.resolve("data/mnist").toString();
        kib("experiment", "mlp-table", "--datasets", "mnist,kmnist", "--data", data)
                .assertSentence(2, "holds the files of one data set, but is to be mnist and kmnist");
    }

    @Test
    void changesOfAPresetAndWhatTheyGain() throws IOException {
        Path changes = Files.writeString(
                folder.resolve("changes.toml"),
                "[still]\nlr-local = 0.0\n[wide]\nlayers = [32, 12]\n[odd]\nsigma = 3.0\n");
        String[] options = {"experiment", "ablation", "--preset", "mlp-mnist-cosine-grp", "--changes-from"};
        List<String> command = new ArrayList<>(List.of(options));
        command.addAll(List.of(changes.toString(), "--together", "wide+still", "--out", folder.resolve("out") + ""));
        command.addAll(List.of("--data", folder.resolve("data") + "", "--layers", "16,12", "--groups", "4"));
        command.addAll(List.of("--batch", "10", "--device", "reference", "--epochs", "2", "--seeds", "2"));
        CommandResult result = kib(command.toArray(new String[0]));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err())
                .contains("Without odd: --sigma has no effect: no kernel is Gaussian.")
                .contains("8 runs.");
        assertThat(result.out())
                .startsWith("change ")
                .containsPattern("\nstill +[0-9.]+ ± [0-9.]+ +[-+][0-9.]+ ± [0-9.]+ +2 +2 +0:0")
                .containsPattern("\nwide \\+ still +[0-9.]+ ± ");
        assertThat(Files.readString(folder.resolve("out/table.md")))
                .startsWith("# What changes of mlp-mnist-cosine-grp are worth\n`kib experiment ablation --preset ");
        command.addAll(List.of("--changes", "odd"));
        kib(command.toArray(new String[0])).assertSentence(2, "The change odd cannot be made to mlp-mnist-cosine-grp");
        command.addAll(List.of("--columns", "cosine"));
        kib(command.toArray(new String[0])).assertSentence(2, "--columns means nothing to ablation; leave it out.");
    }
}
