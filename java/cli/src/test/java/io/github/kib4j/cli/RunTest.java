package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of runs: their records, more epochs, given weights, evaluations, classes. */
final class RunTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private TinyTraining training;

    @BeforeEach
    void writeImages() throws IOException {
        training = new TinyTraining(folder.resolve("data"), "phsic");
    }

    private static CommandResult run(List<String> command, String... more) {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(more));
        return kib(all.toArray(new String[0]));
    }

    private CommandResult begin(String name, int epochs, String... more) {
        List<String> options =
                new ArrayList<>(List.of("--layers", "16,12", "--batch", "10", "--epochs", Integer.toString(epochs)));
        options.addAll(List.of(more));
        CommandResult result = kib(training.begin(folder.resolve(name), options.toArray(new String[0]))
                .toArray(new String[0]));
        assertThat(result.code()).as(result.err()).isZero();
        return result;
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private JsonNode record(String name) throws IOException {
        return JSON.readTree(Files.readString(folder.resolve(name).resolve("run.json")));
    }

    @Test
    void theRecordSaysHowWhereAndOnWhatAndIsKeptOverAResume() throws IOException {
        begin("a", 1, "--schedule", "constant");
        JsonNode record = record("a");
        assertThat(record.get("state").asText()).isEqualTo("finished");
        assertThat(record.get("command").asText())
                .startsWith("kib train --dataset mnist")
                .contains("--epochs 1");
        for (String name : List.of("version", "commit", "java", "host", "processor", "device")) {
            assertThat(record.get(name).asText()).as(name).isNotBlank();
        }
        assertThat(record.get("commit").asText()).matches("[0-9a-f]{12,40}(-dirty)?|unknown");
        assertThat(record.get("processors").asInt()).isPositive();
        assertThat(record.get("threads").asInt()).isPositive();
        assertThat(record.get("seed").asInt()).isZero();
        assertThat(record.get("rule").asText()).isEqualTo("phsic");
        JsonNode data = record.get("data");
        assertThat(data.get("name").asText()).isEqualTo("mnist");
        assertThat(data.get("train_images").asInt()).isEqualTo(60);
        assertThat(data.get("test_images").asInt()).isEqualTo(20);
        assertThat(data.get("classes")).hasSize(10);
        assertThat(data.get("checksum").asText()).matches("[0-9a-f]{8}");
        OffsetDateTime started = OffsetDateTime.parse(record.get("started").asText());
        assertThat(OffsetDateTime.parse(record.get("ended").asText())).isAfterOrEqualTo(started);
        assertThat(record.get("sessions")).hasSize(1);

        assertThat(kib("train", "--resume", path("a"), "--epochs", "2").code()).isZero();
        JsonNode resumed = record("a");
        assertThat(resumed.get("command")).isEqualTo(record.get("command"));
        assertThat(resumed.get("started")).isEqualTo(record.get("started"));
        assertThat(resumed.get("sessions")).hasSize(2);
        assertThat(resumed.get("sessions").get(0))
                .isEqualTo(record.get("sessions").get(0));
        JsonNode second = resumed.get("sessions").get(1);
        assertThat(second.get("command").asText()).isEqualTo("kib train --resume " + path("a") + " --epochs 2");
        assertThat(second.get("state").asText()).isEqualTo("finished");
        assertThat(resumed.get("epochs").asInt()).isEqualTo(2);
        String before = Files.readString(folder.resolve("a/run.json"));
        assertThat(kib("train", "--resume", path("a")).err()).contains("is finished");
        assertThat(Files.readString(folder.resolve("a/run.json"))).isEqualTo(before);
    }

    @Test
    void aFailedRunSaysSo() throws IOException {
        CommandResult result =
                kib(training.begin(folder.resolve("bad"), "--layers", "16", "--batch", "10", "--epochs", "2").stream()
                        .map(word -> word.equals("0.01") ? "1e30" : word)
                        .filter(word -> !word.equals("--divisive-norm"))
                        .toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isEqualTo(1);
        JsonNode record = record("bad");
        assertThat(record.get("state").asText()).isEqualTo("failed");
        assertThat(record.get("sessions").get(0).get("error").asText()).contains("is not finite");
        assertThat(record.has("test_accuracy")).isFalse();
    }

    @Test
    void metricsHaveTestLossRatesAndTimes() throws IOException {
        begin("a", 3, "--schedule", "multi-step", "--milestones", "2", "--lr-readout", "0.004");
        List<String> lines = Files.readAllLines(folder.resolve("a/metrics.jsonl"));
        List<JsonNode> rows = new ArrayList<>();
        for (String line : lines) {
            rows.add(JSON.readTree(line));
        }
        assertThat(rows).extracting(row -> row.get("lr_local").asDouble()).containsExactly(0.01, 0.01, 0.0025);
        assertThat(rows).extracting(row -> row.get("lr_readout").asDouble()).containsExactly(0.004, 0.004, 0.001);
        OffsetDateTime.parse(rows.get(0).get("time").asText());
        JsonNode eval = JSON.readTree(kib("eval", path("a"), "--json").out());
        assertThat(rows.get(2).get("test_loss")).isEqualTo(eval.get("loss"));
        assertThat(Files.readAllLines(folder.resolve("a/metrics.csv")).get(0))
                .startsWith("epoch,time,seconds,train_images_per_second,lr_local,lr_readout,local_losses_1,")
                .contains(",test_loss,test_accuracy,");
    }

    /** Lines of a version that had fewer columns keep their places. */
    @Test
    void linesOfEarlierVersionsHaveEmptyCells() throws IOException {
        begin("a", 1, "--schedule", "constant");
        Path metrics = folder.resolve("a/metrics.jsonl");
        Files.writeString(metrics, Files.readString(metrics).replaceAll("\"(time|test_loss|lr_local)\":[^,]*,", ""));
        assertThat(kib("train", "--resume", path("a"), "--epochs", "2").code()).isZero();
        List<String> csv = Files.readAllLines(folder.resolve("a/metrics.csv"));
        List<String> header = List.of(csv.get(0).split(","));
        String[] first = csv.get(1).split(",", -1);
        String[] second = csv.get(2).split(",", -1);
        assertThat(first).hasSameSizeAs(second).hasSize(header.size());
        assertThat(first[header.indexOf("test_loss")]).isEmpty();
        assertThat(first[header.indexOf("epoch")]).isEqualTo("1");
        assertThat(second[header.indexOf("test_loss")]).isNotEmpty();
    }

    private static Map<String, String> resultWithoutCommand(Path run) throws IOException {
        Map<String, String> result = new TreeMap<>(TinyTraining.result(run));
        result.replaceAll((name, text) -> text.replaceAll("\"command\" : [^\n]*", ""));
        return result;
    }

    @Test
    void moreEpochsGiveTheBitsOfARunThatBeganWithThem() throws IOException {
        training = new TinyTraining(folder.resolve("data"), "phsic,readout");
        String[] schedule = {"--schedule", "multi-step", "--milestones", "1,3", "--warm-up", "0.5"};
        begin("whole", 4, schedule);
        begin("grown", 2, schedule);
        CommandResult grown = kib("train", "--resume", path("grown"), "--epochs", "4");
        assertThat(grown.code()).as(grown.err()).isZero();
        assertThat(resultWithoutCommand(folder.resolve("grown")))
                .isEqualTo(resultWithoutCommand(folder.resolve("whole")));
    }

    @Test
    void oneRuleGrownByItselfKeepsItsEpochs() throws IOException {
        training = new TinyTraining(folder.resolve("data"), "phsic,readout");
        begin("both", 1, "--schedule", "constant");
        CommandResult one = kib("train", "--resume", path("both/phsic"), "--epochs", "3");
        assertThat(one.err())
                .contains("Note: this is one of 2 rules of the run in " + path("both")
                        + "; all of them go on with: kib train --resume " + path("both"));
        assertThat(kib("train", "--resume", path("both")).code()).isZero();
        assertThat(Files.readAllLines(folder.resolve("both/phsic/metrics.jsonl")))
                .hasSize(3);
        assertThat(kib("train", "--resume", path("both"), "--epochs", "2").code())
                .isZero();
        assertThat(Files.readAllLines(folder.resolve("both/phsic/metrics.jsonl")))
                .hasSize(3);
        assertThat(Files.readAllLines(folder.resolve("both/readout/metrics.jsonl")))
                .hasSize(2);
    }

    @Test
    void epochsThatCannotBeGivenAreRefused() throws IOException {
        begin("a", 2, "--schedule", "cosine");
        begin("b", 2, "--schedule", "constant");
        Map<String, Integer> before = FolderContent.of(folder);
        kib("train", "--resume", path("a"), "--epochs", "4")
                .assertSentence(2, "cannot be given more epochs, since its schedule cosine lowers learning rates");
        kib("train", "--resume", path("b"), "--epochs", "1").assertSentence(2, "can be given more, not fewer (1)");
        kib("train", "--resume", path("b"), "--preset", "quickstart").assertSentence(2, "--preset is for new runs");
        kib("train", "--resume", path("b"), "--config", path("a/config.toml"))
                .assertSentence(2, "--config is for new runs");
        kib("train", "--resume", path("b"), "--out", path("a"))
                .assertSentence(2, "--resume and --out name two folders");
        assertThat(kib("train", "--resume", path("a"), "--epochs", "2").err()).contains("is finished");
        assertThat(FolderContent.of(folder)).isEqualTo(before);
    }

    @Test
    void givenWeightsAreWhereARunBegins() throws IOException {
        begin("a", 2);
        String weights = path("a/checkpoint/step-12/weights.safetensors");
        begin("b", 1, "--weights", weights, "--lr-local", "0", "--lr-readout", "0", "--seed", "5");
        JsonNode first = JSON.readTree(
                Files.readAllLines(folder.resolve("b/metrics.jsonl")).get(0));
        assertThat(first.get("test_loss")).isEqualTo(record("a").get("test_loss"));
        assertThat(first.get("test_accuracy")).isEqualTo(record("a").get("test_accuracy"));
        assertThat(record("b").get("weights").asText()).isEqualTo(weights);
        assertThat(Files.readString(folder.resolve("b/config.toml"))).contains("weights = \"" + weights + "\"");
    }

    private CommandResult refused(String... more) {
        List<String> options = new ArrayList<>(List.of("--batch", "10", "--epochs", "1", "--quiet"));
        options.addAll(List.of(more));
        return kib(training.begin(folder.resolve("no"), options.toArray(new String[0]))
                .toArray(new String[0]));
    }

    @Test
    void weightsThatDoNotFitAreRefusedBeforeAnythingIsWritten() throws IOException {
        begin("a", 1);
        String weights = path("a/checkpoint/step-6/weights.safetensors");
        refused("--layers", "16,16", "--weights", weights)
                .assertSentence(1, "are of another network: hidden_layers.1.layer.weight is 12 x 16, not 16 x 16");
        refused("--layers", "16", "--weights", weights).assertSentence(1, "are of another network: ");
        refused("--layers", "16,12", "--weights", path("none")).assertSentence(2, "There is no file " + path("none"));
        refused("--layers", "16,12", "--weights", path("a/config.toml")).assertSentence(1, "config.toml is damaged");
        assertThat(folder.resolve("no")).doesNotExist();
    }

    @Test
    void severalRulesAreEvaluatedInOneTable() throws IOException {
        training = new TinyTraining(folder.resolve("data"), "phsic,readout");
        begin("q", 1);
        CommandResult table = kib("eval", path("q"));
        assertThat(table.code()).as(table.err()).isZero();
        assertThat(table.out())
                .matches("rule +epochs +test accuracy +loss +test images\n"
                        + "phsic +1 +[0-9.]+ % +[0-9.]+ +20\n"
                        + "readout +1 +[0-9.]+ % +[0-9.]+ +20\n"
                        + "\nclass +images +phsic +readout\n"
                        + "([0-9] +2( +[0-9.]+ %){2}\n){10}");
        CommandResult json = kib("eval", path("q"), "--json");
        assertThat(json.out().lines()).hasSize(1);
        JsonNode all = JSON.readTree(json.out());
        assertThat(all.get("folder").asText()).isEqualTo(path("q"));
        for (String rule : training.rules()) {
            JsonNode one =
                    JSON.readTree(kib("eval", path("q/" + rule), "--json").out());
            assertThat(one.get("rule").asText()).isEqualTo(rule);
            for (String name : List.of("epoch", "images", "loss", "test_accuracy", "classes")) {
                assertThat(all.get("rules").get(rule).get(name)).as(name).isEqualTo(one.get(name));
            }
        }
    }

    @Test
    void predictionsAddUpToTheAccuracyOfEachClass() throws IOException {
        begin("a", 4);
        Path file = folder.resolve("predictions.csv");
        Files.writeString(file, "of before");
        CommandResult result = kib("eval", path("a"), "--predictions", file.toString(), "--json");
        assertThat(result.code()).as(result.err()).isZero();
        JsonNode eval = JSON.readTree(result.out());
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(21);
        assertThat(lines.get(0))
                .startsWith("index,label,label_name,predicted,predicted_name,probability_0,probability_1,");
        int[] correct = new int[10];
        for (int i = 0; i < 20; i++) {
            String[] cells = lines.get(i + 1).split(",");
            assertThat(cells).hasSize(15);
            assertThat(cells[0]).isEqualTo(Integer.toString(i));
            assertThat(cells[1]).isEqualTo(Integer.toString(i % 10)).isEqualTo(cells[2]);
            double[] probabilities = Arrays.stream(cells)
                    .skip(5)
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            assertThat(Arrays.stream(probabilities).sum()).isBetween(0.99999, 1.00001);
            double largest = Arrays.stream(probabilities).max().orElseThrow();
            assertThat(probabilities[Integer.parseInt(cells[3])]).isEqualTo(largest);
            correct[i % 10] += cells[1].equals(cells[3]) ? 1 : 0;
        }
        assertThat(5.0 * Arrays.stream(correct).sum())
                .isEqualTo(eval.get("test_accuracy").asDouble());
        for (int label = 0; label < 10; label++) {
            JsonNode one = eval.get("classes").get(label);
            assertThat(one.get("name").asText()).isEqualTo(Integer.toString(label));
            assertThat(one.get("images").asInt()).isEqualTo(2);
            assertThat(one.get("correct").asInt()).isEqualTo(correct[label]);
            assertThat(one.get("accuracy").asDouble()).isEqualTo(50.0 * correct[label]);
        }
        assertThat(folder.resolve("predictions.csv.new")).doesNotExist();
    }

    /** The average's accuracy is the run's; those of the weights themselves and of mirrored images are beside it, everywhere. */
    @Test
    void averagedWeightsAndMirroredImagesAreSaidBesideTheAccuracy() throws IOException {
        CommandResult trained = begin("a", 2, "--weight-average", "0.9", "--test-flips");
        assertThat(trained.out())
                .contains("rule        test accuracy current weights      with flips  train accuracy")
                .contains("The test accuracy is that of the averaged weights.");
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("a/metrics.jsonl"))) {
            rows.add(JSON.readTree(line));
        }
        CommandResult result = kib("eval", path("a"));
        assertThat(result.out())
                .contains(" % (current weights ", " %, with flips ", "Accuracies are those of averaged weights.");
        JsonNode eval = JSON.readTree(kib("eval", path("a"), "--json").out());
        for (String name :
                List.of("test_accuracy", "test_accuracy_with_flips", "current_test_accuracy", "current_test_loss")) {
            assertThat(rows.get(1).get(name))
                    .as(name)
                    .isEqualTo(eval.get(name))
                    .isEqualTo(record("a").get(name));
        }
        assertThat(eval.get("loss")).isEqualTo(rows.get(1).get("test_loss"));
        assertThat(Files.readString(folder.resolve("a/report.html")))
                .contains("test accuracy, weights not averaged", "test accuracy with flips");

        begin("plain", 2);
        JsonNode plain = record("plain");
        assertThat(plain.get("test_accuracy"))
                .as("learning does not see the average")
                .isEqualTo(record("a").get("current_test_accuracy"));
        assertThat(plain.has("test_accuracy_with_flips")).isFalse();
        JsonNode flips = JSON.readTree(
                kib("eval", path("plain"), "--test-flips", "true", "--json").out());
        assertThat(flips.get("test_accuracy")).isEqualTo(plain.get("test_accuracy"));
        assertThat(flips.get("test_accuracy_with_flips").asDouble()).isBetween(0.0, 100.0);
    }

    @Test
    void predictionsThatHaveNoPlaceAreRefused() throws IOException {
        training = new TinyTraining(folder.resolve("data"), "phsic,readout");
        begin("q", 1);
        kib("eval", path("q"), "--predictions", path("p.csv"))
                .assertSentence(2, "--predictions is of one rule, but the run in " + path("q") + " has several");
        for (String place : List.of(path("none/p.csv"), folder.toString(), "")) {
            kib("eval", path("q/phsic"), "--predictions", place)
                    .assertSentence(2, "--predictions must name a file in a folder that exists");
        }
        assertThat(folder.resolve("p.csv")).doesNotExist();
    }

    private CommandResult onFolders(String data, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of("--data", path(data)));
        return kib(all.toArray(new String[0]));
    }

    @Test
    void imagesOfOtherClassesAreRefusedWithBothLists() throws IOException {
        for (String part : List.of("train", "test")) {
            TinyImages.png(folder.resolve("one").resolve(part), 4, "dark", "light");
            TinyImages.png(folder.resolve("other").resolve(part), 4, "dark", "Light");
        }
        CommandResult begun = onFolders(
                "one",
                ("train --dataset folder --model mlp --layers 8 --batch 4 --epochs 1" + " --device reference --out "
                                + path("a"))
                        .split(" "));
        assertThat(begun.code()).as(begun.err()).isZero();
        assertThat(record("a").get("data").get("classes"))
                .extracting(JsonNode::asText)
                .containsExactly("dark", "light");
        String says = " learned the classes [dark, light], but the data have the classes [Light, dark]";
        onFolders("other", "eval", path("a")).assertSentence(1, says);
        onFolders("other", "train", "--quiet", "--resume", path("a"), "--epochs", "2")
                .assertSentence(1, says);
        assertThat(Files.readString(folder.resolve("a/config.toml"))).contains("epochs = 1\n");
        assertThat(onFolders("one", "eval", path("a")).code()).isZero();
    }

    @Test
    void oneLineOfJsonNamesTheFolder() throws IOException {
        CommandResult result = begin("a", 1, "--json");
        assertThat(result.out().lines()).hasSize(1);
        JsonNode printed = JSON.readTree(result.out());
        assertThat(printed.get("folder").asText()).isEqualTo(path("a"));
        assertThat(printed.get("test_accuracy")).isEqualTo(record("a").get("test_accuracy"));
        CommandResult quiet = run(List.of("train", "--resume", path("a"), "--quiet", "--json"));
        assertThat(quiet.err()).isEmpty();
        assertThat(JSON.readTree(quiet.out())).isEqualTo(printed);
    }
}
