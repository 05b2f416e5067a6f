package io.github.kib4j.experiment.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.experiment.Candidate;
import io.github.kib4j.experiment.Experiment;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Parallelism;
import io.github.kib4j.experiment.Run;
import io.github.kib4j.experiment.RunEvaluation;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.RunListener;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Study;
import io.github.kib4j.experiment.StudyListener;
import io.github.kib4j.experiment.TrialTraining;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.files.DurableFiles;
import io.github.kib4j.tensor.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a report says of runs that are whole, of ones that are damaged, and of names that are no plain text. */
final class ReportTest {
    private static final Settings REFERENCE = new Settings().set(Key.DEVICE, "reference");

    /** Names of classes, which are folders: none may have a slash, all else may be. */
    static final List<String> NAMES = List.of("<b>bold & \"quoted\"", "<nothing>", "it's {{body}}");

    @TempDir
    Path folder;

    private Path run;

    @BeforeEach
    void train() throws IOException {
        run = trained(folder, "phsic,backprop");
    }

    /** Trains for two epochs on images in folders with the names above; returns the run's folder. */
    static Path trained(Path folder, String rules) throws IOException {
        Path data = folder.resolve("images");
        Random random = new Random(1);
        for (String part : List.of("train", "test")) {
            for (String name : NAMES) {
                Path images = Files.createDirectories(data.resolve(part).resolve(name));
                for (int i = 0; i < 6; i++) {
                    Picture picture = Picture.empty(8, 8);
                    for (int j = 0; j < 64; j++) {
                        int level = random.nextInt(100) + 50 * NAMES.indexOf(name);
                        picture.pixels()[j] = Picture.colour(level, level / 2, 255 - level);
                    }
                    Files.write(images.resolve(i + ".png"), picture.toPng());
                }
            }
        }
        Settings given = new Settings().set(Key.DATASET, "folder").set(Key.DATA, data.toString());
        given.set(Key.MODEL, "mlp")
                .set(Key.LAYERS, "16,12")
                .set(Key.GROUPS, "4")
                .set(Key.RULE, rules);
        given.set(Key.BATCH, "6").set(Key.EPOCHS, "2").set(Key.DEVICE, "reference");
        given.set(Key.LAYER_METRICS, "true").set(Key.PROBES, "18").set(Key.ALIGNMENT, "true");
        Path run = folder.resolve("run");
        Run.begin(Experiment.of(given, null, null), run).train("a test", new RunListener() {});
        return run;
    }

    private static Report report(Path... folders) throws IOException {
        return Report.of(List.of(folders), REFERENCE, label -> {});
    }

    /** Returns the numbers that the page draws. */
    private static JsonNode data(Report report) throws IOException {
        Matcher data = Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>")
                .matcher(report.html());
        assertThat(data.find()).isTrue();
        return new ObjectMapper().readTree(data.group(1));
    }

    @Test
    void aRunOfSeveralRulesIsCompared() throws IOException {
        Report report = report(run);
        assertThat(report.notes()).isEmpty();
        assertThat(report.runs()).isEqualTo(2);
        JsonNode data = data(report);
        assertThat(data.get("runs"))
                .extracting(one -> one.get("label").asText())
                .containsExactly("phsic", "backprop");
        assertThat(data.get("runs"))
                .extracting(one -> one.get("colour").asText())
                .containsExactly("rule-phsic", "rule-backprop");
        JsonNode accuracy = data.get("plots").get(0);
        assertThat(accuracy.get("unit").asText()).isEqualTo("%");
        assertThat(accuracy.get("x")).extracting(JsonNode::asInt).containsExactly(1, 2);
        assertThat(accuracy.get("lines")).hasSize(2);
        assertThat(report.html())
                .contains("<h3>Local loss: dependence of codes on themselves, less γ times that on labels</h3>");
        Map<String, RunEvaluation> evaluated = RunEvaluation.of(run, REFERENCE, null, new RunListener() {});
        for (int i = 0; i < 2; i++) {
            RunEvaluation one =
                    evaluated.get(data.get("runs").get(i).get("label").asText());
            double last = one.evaluation().accuracy();
            assertThat(accuracy.get("lines").get(i).get("y").get(1).asDouble()).isEqualTo(last);
            assertThat(report.html())
                    .contains(String.format("%d of 18 test images right (%.2f %%)", Math.round(0.18 * last), last));
        }
    }

    @Test
    void eachLayersSimilaritiesStandBesideTheLabels() throws IOException {
        JsonNode data = data(report(run.resolve("phsic")));
        assertThat(data.get("grams"))
                .extracting(gram -> gram.get("title").asText())
                .containsExactly("labels", "layer 1", "layer 2");
        JsonNode batch = data.get("batches").get(0);
        assertThat(batch.get("classes")).extracting(JsonNode::asText).containsExactlyInAnyOrderElementsOf(NAMES);
        assertThat(batch.get("labels")).extracting(JsonNode::asInt).hasSize(18).isSorted();
        byte[] labels = Base64.getDecoder()
                .decode(data.get("grams").get(0).get("levels").asText());
        for (int i = 0; i < 18; i++) {
            for (int j = 0; j < 18; j++) {
                assertThat(labels[18 * i + j]).isEqualTo((byte) (i / 6 == j / 6 ? 255 : 0));
            }
        }
    }

    /** By layer, of all runs; how alike layers are, a table each; over epochs a plot for each layer, or one where there is one run. */
    @Test
    void layersAreShownByLayerAndOverEpochs() throws IOException {
        JsonNode data = data(report(run));
        JsonNode probes = null;
        int byLayer = 0;
        for (JsonNode plot : data.get("plots")) {
            boolean ofLayers = plot.get("over").asText().equals("layer");
            byLayer += ofLayers ? 1 : 0;
            probes = ofLayers && probes == null ? plot : probes;
        }
        assertThat(byLayer)
                .as("probe, CKA, four dependences, angle, two norms, dead, silent")
                .isEqualTo(11);
        assertThat(probes.get("x")).extracting(JsonNode::asInt).containsExactly(1, 2);
        assertThat(probes.get("lines")).hasSize(2);
        String last = Files.readAllLines(run.resolve("phsic/metrics.jsonl")).get(1);
        JsonNode epoch = new ObjectMapper().readTree(last);
        assertThat(probes.get("lines").get(0).get("y")).isEqualTo(epoch.get("probe_accuracy"));
        String html = report(run).html();
        assertThat(html.split("shaded heat", -1)).hasSize(3);
        assertThat(html)
                .contains(String.format(
                        Locale.ROOT,
                        "%.2f</td>",
                        epoch.get("cka_layers").get(0).get(1).asDouble()));
        Report one = report(run.resolve("phsic"));
        assertThat(one.html()).contains("<span style=\"--part:1.000\">layer 2</span>");
        assertThat(data(one).get("plots"))
                .filteredOn(plot -> plot.get("lines").path(0).has("layer"))
                .hasSize(11)
                .allSatisfy(plot -> assertThat(plot.get("lines")).hasSize(2));
    }

    /** What other versions write is plotted too: numbers, and lists of layers' numbers. */
    @Test
    void whateverEpochsHaveIsPlotted() throws IOException {
        Path metrics = run.resolve("phsic/metrics.jsonl");
        Files.writeString(
                metrics,
                Files.readString(metrics)
                        .replace("{\"epoch\"", "{\"my_layers\":[3,null],\"my_number\":7,\"words\":\"x\",\"epoch\""));
        Report report = report(run.resolve("phsic"));
        assertThat(report.html()).contains("<h3>My layers</h3>", "My number").doesNotContain("Words");
        JsonNode plots = data(report).get("plots");
        assertThat(plots)
                .anySatisfy(
                        plot -> assertThat(plot.toString())
                                .isEqualTo(
                                        "{\"unit\":\"\",\"over\":\"epoch\",\"x\":[1,2],\"lines\":[{\"run\":0,\"y\":[3.0,3.0]}]}"));
    }

    @Test
    void aReportIsTheSameWhenItIsMadeAgain() throws IOException {
        Path file = folder.resolve("a.html");
        report(run).write(file);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1000));
        report(run).write(file);
        assertThat(Files.getLastModifiedTime(file)).as("left alone").isEqualTo(FileTime.fromMillis(1000));
    }

    /** Nothing in a name ends an element or an attribute; the page has as many elements as one of plain names. */
    @Test
    void whatComesFromFilesIsShownAsItIs() throws IOException {
        Path record = run.resolve("phsic/run.json");
        Files.writeString(
                record,
                Files.readString(record).replace("\"a test\"", "\"</script><script>alert(1)</script> {{title}}\""));
        Report report = report(run);
        assertThat(report.html())
                .contains("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{title}}")
                .contains("&lt;b&gt;bold &amp; &quot;quoted&quot;")
                .contains("it&#39;s {{body}}")
                .doesNotContain("<b>bold")
                .doesNotContain("<script>alert");
        assertThat(report.html().split("</script>", -1))
                .as("data, uPlot, and the page's own")
                .hasSize(4);
        assertThat(data(report).get("batches").get(0).get("classes"))
                .extracting(JsonNode::asText)
                .contains("<b>bold & \"quoted\"");
    }

    @Test
    void nothingIsFetched() throws IOException {
        assertThat(report(run).html())
                .contains("default-src 'none'")
                .doesNotContainPattern("(src|href)=\"(?!data:|#)")
                .doesNotContain("@import");
    }

    @Test
    void runsOfOneRuleAreToldApartByTheirFolders() throws IOException {
        copy(run, folder.resolve("more/first"));
        copy(run, folder.resolve("more/second"));
        Report report = report(folder.resolve("more"));
        assertThat(data(report).get("runs"))
                .extracting(
                        one -> one.get("label").asText() + " " + one.get("dash").asInt())
                .containsExactly("first/phsic 0", "first/backprop 0", "second/phsic 1", "second/backprop 1");
        assertThat(report(run, run.resolve("phsic"), run).runs())
                .as("each once")
                .isEqualTo(2);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                Files.createDirectories(Files.isDirectory(file) ? copy : copy.getParent());
                if (!Files.isDirectory(file)) {
                    Files.copy(file, copy);
                }
            }
        }
    }

    @Test
    void runsThatDifferInTheirSeedAloneAreTakenTogether() throws IOException {
        Path second = folder.resolve("second");
        copy(run.resolve("phsic"), second);
        Path config = second.resolve("config.toml");
        Files.writeString(config, Files.readString(config).replace("seed = 0", "seed = 1"));
        Path metrics = second.resolve("metrics.jsonl");
        Files.writeString(metrics, withTestAccuracy(Files.readString(metrics), 40));
        Path first = run.resolve("phsic/metrics.jsonl");
        Files.writeString(first, withTestAccuracy(Files.readString(first), 42));
        String html = report(run, second).html();
        assertThat(html)
                .contains("Runs that differ in their seeds alone")
                .contains("<span class=\"run rule-phsic\">phsic (seed 1)</span>")
                .contains("<span class=\"run rule-phsic\">phsic</span></th><td class=\"number\">2</td>"
                        + "<td class=\"number\">41.00</td><td class=\"number\">1.41</td>")
                .contains("<th scope=\"col\">seed</th>");
        assertThat(report(run).html()).doesNotContain("Runs that differ in their seeds alone");
    }

    private static String withTestAccuracy(String metrics, int percent) {
        return metrics.replaceAll("\"test_accuracy\":[0-9.E-]+", "\"test_accuracy\":" + percent);
    }

    /** The first sentence tells how runs ended, of each or of the best. */
    @Test
    void theFirstSentenceSaysHowItEnded() throws IOException {
        for (String rule : List.of("phsic", "backprop")) {
            Path metrics = run.resolve(rule).resolve("metrics.jsonl");
            Files.writeString(metrics, withTestAccuracy(Files.readString(metrics), rule.length()));
        }
        String network = "An MLP of 16, 12 units on 18 images of folder";
        assertThat(sentence(run))
                .isEqualTo(
                        network + " reached a test accuracy of 5.00 % by phsic and 8.00 % by backprop after 2 epochs.");
        Path record = run.resolve("backprop/run.json");
        String finished = Files.readString(record);
        Files.writeString(record, finished.replace("\"state\" : \"finished\"", "\"state\" : \"interrupted\""));
        assertThat(sentence(run))
                .isEqualTo(network + ": phsic reached a test accuracy of 5.00 % after 2 epochs; backprop reached a test"
                        + " accuracy of 8.00 % after 2 epochs of 2, where it was stopped.");
        Files.delete(run.resolve("phsic/metrics.jsonl"));
        assertThat(sentence(run)).contains("phsic has no test accuracy yet after 0 epochs; backprop ");
        for (String copy : List.of("a", "b", "c")) {
            copy(run, folder.resolve("more").resolve(copy));
        }
        assertThat(sentence(folder.resolve("more")))
                .isEqualTo("The best of 6 runs of one network (" + network
                        + "), a/backprop reached a test accuracy of 8.00 % after 2 epochs of 2, where it was stopped.");
    }

    @Test
    void ofManyRunsTheFirstAreShownAtWork() throws IOException {
        for (String copy : List.of("a", "b", "c", "d", "e", "f", "g")) {
            copy(run, folder.resolve("many").resolve(copy));
        }
        Report report = report(folder.resolve("many"));
        assertThat(report.runs()).isEqualTo(14);
        assertThat(report.notes())
                .containsExactly("Of 14 runs the first 12 are shown with similarities, filters and mistakes; of others,"
                        + " name their folders.");
        assertThat(report.html().split("<div class=\"batch\">", -1)).hasSize(13);
        assertThat(report.html().split("First-layer filters of ", -1)).hasSize(13);
        assertThat(data(report).get("plots").get(0).get("lines")).hasSize(14);
    }

    private static String sentence(Path of) throws IOException {
        return found("<p class=\"sentence\">([^<]*)</p>", report(of).html());
    }

    @Test
    void aPresetsRunStandsBesideThePapers() throws IOException {
        Path record = run.resolve("phsic/run.json");
        String preset = "mlp-mnist-cosine-grp";
        Files.writeString(
                record, Files.readString(record).replace("\"preset\" : null", "\"preset\" : \"" + preset + "\""));
        String html = report(run).html();
        double ours =
                Double.parseDouble(found("<td class=\"number\">([0-9.]+)</td><td class=\"number\">95.8</td>", html));
        assertThat(html).contains(String.format("<td class=\"number\">−%.2f</td>", 95.8 - ours));
        assertThat(html).contains("the paper’s");
    }

    private static String found(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }

    // Damage.

    private void assertShown(String note, String... html) throws IOException {
        Report report = report(run.resolve("phsic"));
        assertThat(report.notes())
                .anySatisfy(one -> assertThat(one).contains(note).endsWith(".").doesNotContain(".."));
        assertThat(report.html()).contains("What is missing").contains(html);
        data(report);
    }

    @Test
    void withoutACheckpointThereAreCurves() throws IOException {
        DurableFiles.delete(run.resolve("phsic/checkpoint"));
        assertShown("There is no checkpoint in ", "Test accuracy");
        assertThat(report(run.resolve("phsic")).html())
                .doesNotContain("id=\"filters\"")
                .doesNotContain("id=\"mistakes\"");
    }

    @Test
    void ofADamagedCheckpointTheOneBeforeIsShown() throws IOException {
        Path weights = run.resolve("phsic/checkpoint/step-6/weights.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(bytes, bytes.length / 2));
        assertShown("weights.safetensors", "id=\"filters\"", "18 test images after 1 epoch, by ");
    }

    @Test
    void linesThatAreNoEpochsAreLeftOut() throws IOException {
        Path metrics = run.resolve("phsic/metrics.jsonl");
        String lines = Files.readString(metrics);
        Files.writeString(metrics, "no epoch\n" + lines + "[1]\n" + lines.substring(0, 40));
        assertShown("Line 1 of " + metrics + " is no epoch's and is left out.", "Test accuracy");
        assertThat(report(run.resolve("phsic")).notes()).hasSize(3);
        Files.write(metrics, new byte[] {(byte) 0xFF, 0, 7});
        assertShown("No epoch is in " + metrics, "id=\"filters\"");
        Files.delete(metrics);
        assertShown("There is no " + metrics, "id=\"filters\"");
    }

    @Test
    void withoutARecordItsStateIsUnknown() throws IOException {
        Path record = run.resolve("phsic/run.json");
        Files.writeString(record, "{");
        assertShown("The record " + record + " is no JSON", "state unknown");
        Files.delete(record);
        assertShown("There is no " + record, "state unknown", "Test accuracy", "id=\"mistakes\"");
    }

    @Test
    void withoutSettingsThereAreCurvesAndFilters() throws IOException {
        Files.writeString(run.resolve("phsic/config.toml"), "rule = 1e");
        assertShown("The settings of " + run.resolve("phsic") + " are unknown: ", "Test accuracy", "id=\"filters\"");
    }

    @Test
    void withoutImagesThereAreCurvesAndFilters() throws IOException {
        DurableFiles.delete(folder.resolve("images"));
        assertShown("There are no images of folder, and so neither similarities nor mistakes: ", "id=\"filters\"");
        assertThat(report(run).notes()).as("said once for both rules").hasSize(1);
    }

    @Test
    void otherImagesAreSaid() throws IOException {
        DurableFiles.delete(folder.resolve("images/train").resolve(NAMES.get(0)).resolve("0.png"));
        assertShown("are not those that it was trained on.", "id=\"mistakes\"");
    }

    @Test
    void aRuleThatHasNotBegunIsSaid() throws IOException {
        DurableFiles.delete(run.resolve("backprop"));
        Report report = report(run);
        assertThat(report.notes()).containsExactly("The rule backprop of the run in " + run + " has not begun.");
        assertThat(report.runs()).isEqualTo(1);
    }

    @Test
    void aFailedRunSaysWhy() throws IOException {
        Path record = run.resolve("phsic/run.json");
        Files.writeString(
                record,
                Files.readString(record)
                        .replace(
                                "\"state\" : \"finished\"",
                                "\"state\" : \"failed\", \"error\" : \"the loss is not finite\""));
        assertThat(report(run.resolve("phsic")).html())
                .contains("failed after epoch 2 of 2: the loss is not finite")
                .contains("after 2 epochs, and failed.");
    }

    /** Whatever is cut short or overwritten, there is a report, or one sentence. */
    @Test
    void damagedFilesNeverEndInABug() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Path> files;
        try (Stream<Path> all = Files.walk(run.resolve("phsic"))) {
            files = all.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("run.lock"))
                    .sorted()
                    .toList();
        }
        for (int i = 0; i < 60; i++) {
            Path file = files.get(random.nextInt(files.size()));
            byte[] whole = Files.readAllBytes(file);
            byte[] damaged = random.nextBoolean() ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            if (damaged.length > 0) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            Files.write(file, damaged);
            assertThat(report(run.resolve("phsic")).html())
                    .as("seed %d, %s", seed, file)
                    .endsWith("</html>\n");
            Files.write(file, whole);
        }
    }

    @Test
    void whereThereIsNothingThereIsASentence() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> report(empty))
                .isInstanceOf(RefusedException.class)
                .isNotInstanceOf(UsageException.class)
                .hasMessage("There is nothing to report: There is no run in " + empty + ".");
        Path none = folder.resolve("none");
        assertThatThrownBy(() -> report(run, none))
                .isInstanceOf(UsageException.class)
                .hasMessage("There is no folder " + none + "; name folders of runs.");
        Files.createDirectory(empty.resolve("checkpoint"));
        assertThatThrownBy(() -> report(empty)).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> report(run).write(empty)).isInstanceOf(UsageException.class);
        assertThatThrownBy(() -> report(run).write(none.resolve("a.html"))).isInstanceOf(UsageException.class);
    }

    @Test
    void anExperimentIsItsTableAndItsRunsByTheirLines() throws IOException {
        Settings given = new RunFolder(run).settings();
        given.set(Key.RULE, "phsic").set(Key.EPOCHS, "1");
        List<Candidate> candidates = List.of(
                Candidate.of(Map.of("change", "<none>"), "plain", Experiment.of(given, null, null), 1),
                Candidate.of(
                        Map.of("change", "hot"), "hot", Experiment.of(given.with(Key.LR_LOCAL, "0.9"), null, null), 1));
        Path place = folder.resolve("study");
        try (Study study =
                Study.open(place, "kib & a test", new TrialTraining(), Parallelism.of(1), new StudyListener() {})) {
            study.run(candidates, Study.againstTheFirst("A <study>", candidates));
        }
        Report report = report(place);
        assertThat(report.notes()).isEmpty();
        assertThat(data(report).get("runs"))
                .extracting(one -> one.get("label").asText())
                .containsExactly("<none>", "hot");
        assertThat(report.html())
                .contains("<title>A &lt;study&gt;</title>")
                .contains("<th scope=\"row\">&lt;none&gt;</th>")
                .contains("<code>kib &amp; a test</code>");
        Files.writeString(place.resolve("table.json"), "{\"columns\": [");
        Report damaged = report(place);
        assertThat(damaged.notes())
                .containsExactly("The table " + place.resolve("table.json") + " is not shown: it is damaged.");
        assertThat(damaged.runs()).isEqualTo(2);
    }

    @Test
    void eachRuleHasAColour() throws IOException {
        try (InputStream in = Objects.requireNonNull(Report.class.getResourceAsStream("report.css"))) {
            String style = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(Key.RULE.choices())
                    .isNotEmpty()
                    .allSatisfy(rule -> assertThat(style)
                            .contains(
                                    ".rule-" + rule + " { --c: var(--rule-" + rule + "); }", "--rule-" + rule + ": #"));
        }
    }
}
