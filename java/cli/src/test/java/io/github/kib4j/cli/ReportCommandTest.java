package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports: of each training where it ends, and of runs that are named. */
final class ReportCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private TinyTraining training;

    @BeforeEach
    void writeImages() throws IOException {
        training = new TinyTraining(folder.resolve("data"), "phsic,readout");
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private CommandResult train(String name, String... more) {
        List<String> command = new ArrayList<>(
                training.begin(folder.resolve(name), "--layers", "16,12", "--batch", "10", "--epochs", "1"));
        command.addAll(List.of(more));
        CommandResult result = kib(command.toArray(new String[0]));
        assertThat(result.code()).as(result.err()).isZero();
        return result;
    }

    @Test
    void trainingWritesOneAndSaysWhere() throws IOException {
        CommandResult trained = train("a");
        assertThat(trained.out()).endsWith("Run folder: " + path("a") + "\nReport: " + path("a/report.html") + "\n");
        String page = Files.readString(folder.resolve("a/report.html"));
        assertThat(page).contains("by phsic", "by readout", "First-layer filters", "Confusions and worst mistakes");
        CommandResult report = kib("report", path("a"), "--device", "reference");
        assertThat(report.err()).isEmpty();
        assertThat(report.out()).isEqualTo("Report: " + path("a/report.html") + "\n");
        assertThat(Files.readString(folder.resolve("a/report.html"))).isEqualTo(page);
        assertThat(train("b", "--quiet").err()).isEmpty();
        JsonNode json = JSON.readTree(train("c", "--json").out());
        assertThat(json.get("report").asText()).isEqualTo(path("c/report.html"));
    }

    /** What is wrong with the report is not wrong with the training. */
    @Test
    void aReportThatCannotBeWrittenIsSaid() throws IOException {
        train("a");
        Files.delete(folder.resolve("a/report.html"));
        Files.createDirectories(folder.resolve("a/report.html/in/the/way"));
        CommandResult again = kib("train", "--resume", path("a"));
        assertThat(again.code()).isZero();
        assertThat(again.out())
                .endsWith("Report: none, since A report must be a file in a folder that exists, but is to be '"
                        + path("a/report.html") + "'.\n");
        JsonNode json =
                JSON.readTree(kib("train", "--resume", path("a"), "--json").out());
        assertThat(json.get("report").isNull()).isTrue();
    }

    @Test
    void severalRunsAreCompared() throws IOException {
        train("a");
        train("b", "--seed", "1");
        String file = path("both.html");
        CommandResult report = kib("report", path("a"), path("b"), "--device", "reference", "--out", file, "--json");
        assertThat(report.err()).isEmpty();
        JsonNode json = JSON.readTree(report.out());
        assertThat(json.get("report").asText()).isEqualTo(file);
        assertThat(json.get("runs").asInt()).isEqualTo(4);
        assertThat(json.get("missing")).isEmpty();
        assertThat(Files.readString(Path.of(file)))
                .contains("Settings in which the runs differ")
                .contains("<th scope=\"col\">seed</th>");
    }

    @Test
    void whatIsMissingIsSaid() throws IOException {
        train("a");
        Files.delete(folder.resolve("a/readout/metrics.jsonl"));
        CommandResult report = kib("report", path("a"), "--device", "reference");
        assertThat(report.code()).isZero();
        assertThat(report.err())
                .isEqualTo("Missing: There is no " + path("a/readout/metrics.jsonl") + ": this run has no curves.\n");
        CommandResult elsewhere = kib("report", path("a"), "--data", path("none"), "--json");
        assertThat(elsewhere.code()).isZero();
        assertThat(JSON.readTree(elsewhere.out()).get("missing")).hasSize(2);
    }

    @Test
    void whatCannotBeReportedIsOneSentence() throws IOException {
        Files.createDirectory(folder.resolve("empty"));
        kib("report", path("empty")).assertSentence(1, "There is no run in " + path("empty"));
        kib("report", path("none")).assertSentence(2, "There is no folder " + path("none"));
        kib("report").assertSentence(2, "DIR");
        train("a");
        kib("report", path("a"), "--device", "reference", "--out", path("no/such/place.html"))
                .assertSentence(2, "must be a file in a folder that exists");
        kib("report", path("a"), "--device", "abacus").assertSentence(2, "abacus");
        kib("report", path("a"), "--out").assertSentence(2, "--out");
    }
}
