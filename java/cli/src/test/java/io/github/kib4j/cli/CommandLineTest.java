package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.train.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real command line, in this process, on generated files. */
final class CommandLineTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeImages() throws IOException {
        TinyImages.idx(folder.resolve("mnist"), 150, 40);
    }

    /** Returns a small training's command line; options given here replace its own. */
    private String[] train(String... more) {
        return CommandResult.train(
                List.of(("--dataset mnist --data " + folder
                                + " --model mlp --layers 32,32 --groups 8 --divisive-norm true"
                                + " --epochs 2 --batch 20 --lr-local 0.3 --lr-readout 0.05")
                        .split(" ")),
                more);
    }

    private String run(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void aRunsFolderHoldsAllOfIt() throws IOException {
        CommandResult result = kib(train("--out", run("a"), "--epochs", "4"));
        assertThat(result.err())
                .contains("150 training images (15 of each class), 40 test images (4 of each class)")
                .contains("phsic epoch 4/4");
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("phsic").contains("Run folder");
        try (Stream<Path> files = Files.list(folder.resolve("a"))) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "config.toml",
                            "run.json",
                            "metrics.jsonl",
                            "metrics.csv",
                            "checkpoint",
                            "run.lock",
                            "report.html");
        }
        List<String> lines = Files.readAllLines(folder.resolve("a/metrics.jsonl"));
        assertThat(lines).hasSize(4);
        JsonNode first = new ObjectMapper().readTree(lines.get(0));
        assertThat(first.fieldNames())
                .toIterable()
                .containsExactly(
                        "epoch",
                        "time",
                        "seconds",
                        "train_images_per_second",
                        "lr_local",
                        "lr_readout",
                        "local_losses",
                        "readout_loss",
                        "train_accuracy",
                        "test_loss",
                        "test_accuracy",
                        "peak_rss_bytes");
        assertThat(first.get("local_losses")).hasSize(2);
        assertThat(Files.readAllLines(folder.resolve("a/metrics.csv"))).hasSize(5);
        JsonNode run = new ObjectMapper().readTree(Files.readString(folder.resolve("a/run.json")));
        assertThat(run.get("device").asText()).startsWith("cpu");
        assertThat(run.get("command").asText()).startsWith("kib train --").contains("--dataset mnist");
        CommandResult eval = kib("eval", run("a"), "--json");
        assertThat(new ObjectMapper().readTree(eval.out()).get("test_accuracy").asDouble())
                .isEqualTo(run.get("test_accuracy").asDouble());
    }

    @Test
    void aConfigurationRepeatsItsRunBitForBit() throws IOException {
        assertThat(kib(train("--out", run("a"), "--seed", "5")).code()).isZero();
        assertThat(kib("train", "--config", run("a/config.toml"), "--out", run("b"), "--quiet")
                        .code())
                .isZero();
        assertSameRun("a", "b");
    }

    private void assertSameRun(String one, String other) throws IOException {
        assertThat(withoutTimes(other)).isEqualTo(withoutTimes(one));
        assertThat(Files.readAllBytes(weights(other))).isEqualTo(Files.readAllBytes(weights(one)));
    }

    private List<String> withoutTimes(String run) throws IOException {
        return Files.readAllLines(folder.resolve(run + "/metrics.jsonl")).stream()
                .map(TinyTraining::withoutTimes)
                .toList();
    }

    private Path weights(String run) throws IOException {
        try (Stream<Path> checkpoints = Files.list(folder.resolve(run + "/checkpoint"))) {
            return checkpoints
                    .max(Comparator.comparingInt(
                            c -> Integer.parseInt(c.getFileName().toString().replace("step-", ""))))
                    .orElseThrow()
                    .resolve("weights.safetensors");
        }
    }

    @Test
    void aFinishedRunIsNotTrainedAgain() throws IOException {
        kib(train("--out", run("a")));
        byte[] before = Files.readAllBytes(weights("a"));
        CommandResult again = kib("train", "--resume", run("a"));
        assertThat(again.code()).isZero();
        assertThat(again.err()).contains("is finished");
        assertThat(Files.readAllBytes(weights("a"))).isEqualTo(before);
    }

    @Test
    void aResumedRunEqualsAnUninterruptedOne() throws IOException {
        kib(train("--out", run("a"), "--epochs", "3"));
        kib(train("--out", run("b"), "--epochs", "3"));
        // take b back to the state after its first epoch, as a kill would have left it
        kib(train("--out", run("one"), "--epochs", "1"));
        for (int step : new int[] {16, 24}) {
            deleteAll(folder.resolve("b/checkpoint/step-" + step));
        }
        Files.delete(folder.resolve("b/checkpoint"));
        Files.move(folder.resolve("one/checkpoint"), folder.resolve("b/checkpoint"));
        Files.delete(folder.resolve("b/run.json"));
        CommandResult resumed = kib("train", "--resume", "--out", run("b"));
        assertThat(resumed.err()).contains("Going on after epoch 1");
        assertThat(resumed.code()).isZero();
        assertSameRun("a", "b");
    }

    @Test
    void aRunResumedOnAnotherDeviceSaysThatItsBitsWillDiffer() throws IOException {
        kib(train("--out", run("a"), "--device", "reference", "--checkpoint-steps", "15"));
        deleteAll(folder.resolve("a/checkpoint/step-16"));
        Files.delete(folder.resolve("a/run.json"));
        CommandResult same = kib("train", "--resume", run("a"));
        assertThat(same.err()).contains("Going on after epoch 1, step 15").doesNotContain("was computed by");
        deleteAll(folder.resolve("a/checkpoint/step-16"));
        Files.delete(folder.resolve("a/run.json"));
        CommandResult other = kib("train", "--resume", run("a"), "--device", "cpu", "--threads", "1");
        assertThat(other.err())
                .contains("Note: the checkpoint was computed by kib4j " + Version.NUMBER + " on reference: ")
                .contains(" 1 thread: the results will differ in their last digits")
                .contains("Going on after epoch 1, step 15");
        assertThat(other.code()).as(other.err()).isZero();
        assertThat(kib("train", "--resume", run("a"), "--device", "reference").err())
                .as("a finished run has nothing to compute")
                .doesNotContain("was computed by");
    }

    private static void deleteAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    @Test
    void severalRulesRunInOneFolder() throws IOException {
        CommandResult result = kib(train("--rule", "phsic,readout,backprop", "--out", run("q"), "--json"));
        assertThat(result.code()).isZero();
        JsonNode summary = new ObjectMapper().readTree(Files.readString(folder.resolve("q/summary.json")));
        assertThat(summary.fieldNames()).toIterable().containsExactly("phsic", "readout", "backprop");
        assertThat(result.out().lines()).hasSize(1);
        JsonNode printed = new ObjectMapper().readTree(result.out());
        assertThat(printed.get("folder").asText()).isEqualTo(run("q"));
        JsonNode backprop = printed.get("rules").get("backprop");
        assertThat(backprop.get("folder").asText()).isEqualTo(run("q/backprop"));
        assertThat(backprop.get("test_accuracy"))
                .isEqualTo(summary.get("backprop").get("test_accuracy"));
        assertThat(folder.resolve("q/backprop/metrics.csv")).exists();
        assertThat(kib("train", "--resume", run("q"), "--quiet").out())
                .contains("phsic", "backprop", "readout of random");
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16"})
    void everyDeviceAndPrecisionRunsAndIsEvaluatedAsItWas(String precision) throws IOException {
        for (String device : List.of("cpu", "reference", "auto")) {
            CommandResult result = kib(train(
                    "--out", run(device + precision), "--device", device, "--precision", precision, "--epochs", "1"));
            assertThat(result.code()).as(device + " " + result.err()).isZero();
            CommandResult eval = kib("eval", run(device + precision), "--json");
            assertThat(withoutTimes(device + precision).get(0))
                    .contains("\"test_accuracy\":"
                            + new ObjectMapper().readTree(eval.out()).get("test_accuracy"));
        }
    }

    @Test
    void everySettingReachesTheTraining() {
        CommandResult result = kib(train(
                "--out",
                run("a"),
                "--rule",
                "hsic",
                "--kernel",
                "gaussian",
                "--sigma",
                "2",
                "--gamma",
                "1",
                "--optimizer",
                "adamw",
                "--lr-local",
                "0.001",
                "--schedule",
                "one-cycle",
                "--warm-up",
                "0.5",
                "--width",
                "0.5",
                "--limit-train",
                "100",
                "--limit-test",
                "30",
                "--validation",
                "--batch-norm",
                "--bias",
                "--activation",
                "selu",
                "--dropout",
                "0.1",
                "--threads",
                "1"));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).contains("100 training images (").contains(", 15 test images (");
    }

    @Test
    void optionsWinOverFilesOverPresets() throws IOException {
        Path file = folder.resolve("my.toml");
        Files.writeString(
                file,
                "preset = \"mlp-mnist-cosine-grp-div\"\nepochs = 20\nlayers = [64, 64]\ndata = \"" + folder + "\"\n");
        CommandResult result = kib(
                "train",
                "--config",
                file.toString(),
                "--layers",
                "32",
                "--epochs",
                "2",
                "--limit-train",
                "60",
                "--out",
                run("c"));
        assertThat(result.err()).contains("Milestones of the preset scaled from 50,75,90 of 100 epochs to 1,2,2 of 2.");
        assertThat(result.code()).as(result.err()).isZero();
        String config = Files.readString(folder.resolve("c/config.toml"));
        assertThat(config)
                .contains(
                        "layers = [32]", "epochs = 2\n", "lr-local = 0.4\n", "milestones = [1, 2, 2]", "groups = 16\n");
    }

    @Test
    void aDefaultNetworkTrainsOnSmallImagesAndIsResumedAsItWas() throws IOException {
        String options = "--dataset mnist --data " + folder + " --width 0.0625 --linear 8 --groups 4 --epochs 1"
                + " --limit-train 40 --lr-local 0.1 --out " + run("v");
        CommandResult result = kib(("train " + options).split(" "));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err())
                .contains("Note: images are pooled after convolutions 2,4,5, not after 2,4,5,6: images of 8x8")
                .contains("Note: --batch 128 is more than the 40 training images there are")
                .contains("mnist: 40 training images (4 of each class), 40 test images (4 of each class), 1 x 8 x 8, "
                        + "10 classes");
        assertThat(folder.resolve("v/config.toml")).content().contains("pool-after = [2, 4, 5]\n");
        CommandResult again = kib("train", "--resume", run("v"));
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.err()).contains("is finished").doesNotContain("Note:");
        assertThat(kib(
                                "eval",
                                run("v"),
                                "--threads",
                                Integer.toString(1 + Runtime.getRuntime().availableProcessors()))
                        .err())
                .contains(" is more than the ");
        assertThat(kib("eval", run("v")).code()).isZero();
    }

    @Test
    void theRestSpeaks() {
        assertThat(kib("doctor").out()).contains("cpu:", "reference:", "cuda", "fashion-mnist");
        assertThat(kib("data", "list").out()).contains("shapes", "generated");
        assertThat(kib("data", "verify", "mnist", "--data", folder.toString()).out())
                .contains("150 training images (15 of each class), 40 test images (4 of each class)");
        assertThat(kib("summary", "--preset", "vgg-cifar10-1x-sgd-cosine-grp-div")
                        .out())
                .contains("512 x 2 x 2", "hidden 7  linear", "Memory that training needs at batch 128: about ");
        assertThat(kib("presets").out()).contains("mlp-fashion-mnist-cosine-grp-div", "88.1 %");
        assertThat(kib("--version").out()).contains("kib4j");
        assertThat(kib("train", "--help").out()).contains("--lr-local");
    }

    private static void refuses(int code, String says, String... arguments) {
        CommandResult result = kib(arguments);
        List<String> complaints =
                result.err().lines().filter(line -> line.startsWith("kib: ")).toList();
        assertThat(complaints)
                .as(String.join(" ", arguments) + ": " + result.err())
                .hasSize(1);
        assertThat(complaints.get(0)).contains(says);
        assertThat(result.err()).doesNotContain("\tat ").doesNotContain("Exception");
        assertThat(result.code()).as(result.err()).isEqualTo(code);
    }

    @Test
    void aDivergingRunStopsAndKeepsWhatItHad() throws IOException {
        CommandResult result = kib(train("--out", run("d"), "--divisive-norm", "false", "--lr-local", "1e30"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("not finite").contains("--lr-local");
        assertThat(folder.resolve("d/checkpoint")).isDirectoryContaining("glob:**/step-0");
        refuses(1, "not finite", "train", "--resume", run("d"));
    }

    @Test
    void aRunIsNeverOverwritten() {
        kib(train("--out", run("a")));
        refuses(2, "is not empty", train("--out", run("a")));
        refuses(2, "--seed is 0", "train", "--resume", run("a"), "--seed", "3");
    }
}
