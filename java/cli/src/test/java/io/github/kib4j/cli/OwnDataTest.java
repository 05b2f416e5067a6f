package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.testkit.DataFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Own tables and arrays through the command line: recognised, trained on, evaluated on others, summarised, shown. */
final class OwnDataTest {
    private static final String SMALL = "--layers 8 --epochs 4 --batch 10 --device reference --optimizer adamw"
            + " --lr-local 0.01 --lr-readout 0.01 --layer-metrics --probes 20";

    @TempDir
    Path folder;

    private CommandResult train(Path data, String... more) {
        List<String> command = new ArrayList<>(List.of("train", "--data", data.toString(), "--out", folder + "/run"));
        command.addAll(List.of(SMALL.split(" ")));
        command.addAll(List.of(more));
        return kib(command.toArray(String[]::new));
    }

    private static String out(CommandResult result) {
        assertThat(result.code()).as(result.err()).isZero();
        return result.out();
    }

    @Test
    void aTableIsLearned() throws IOException {
        Path table = folder.resolve("table.csv");
        TinyFeatures.csv(table, 60);
        CommandResult trained = train(table, "--leave-out", "c");
        out(trained);
        assertThat(trained.err())
                .contains(
                        "The data set in " + table + " is csv: by the name of its table.",
                        "csv: 54 training samples (",
                        "6 test samples (",
                        "2 features, 2 classes");
        Path run = folder.resolve("run");
        assertThat(run.resolve("config.toml")).content().contains("model = \"mlp\"", "leave-out = \"c\"");
        assertThat(out(kib("summary", run.toString())))
                .contains("csv: 54 training samples, 6 test samples, 2 features");
        assertThat(run.resolve("report.html")).content().contains("even", "odd").doesNotContain("class=\"worst\"");
        out(kib("train", "--resume", run.toString(), "--epochs", "5"));
    }

    @Test
    void aTableOfTheSameColumnsIsEvaluated() throws IOException {
        Path table = folder.resolve("table.csv");
        TinyFeatures.csv(table, 60);
        out(train(table));
        Path others = folder.resolve("others.csv");
        TinyFeatures.csv(others, 31);
        String run = folder + "/run";
        assertThat(out(kib("eval", run, "--data", others.toString()))).contains("of 31 test images", "even", "odd");
        assertThat(out(kib("eval", run))).contains("of 6 test images");
        assertThat(out(kib("eval", run, "--data", table.toString()))).contains("of 6 test images");
        Files.writeString(others, "a,label\n1,odd\n");
        kib("eval", run, "--data", others.toString())
                .assertSentence(1, "are 1 x 1 x 1, but the network reads 3 x 1 x 1");
        assertThat(out(kib("data", "verify", "csv", "--data", table.toString(), "--leave-out", "c")))
                .contains("54 training samples", "2 features");
    }

    @Test
    void arraysAreLearned() throws IOException {
        TinyFeatures.npy(folder.resolve("arrays"), 60);
        CommandResult trained = train(folder.resolve("arrays"));
        out(trained);
        assertThat(trained.err())
                .contains("is npy: it has arrays of numpy's.", "npy: 54 training samples", "3 features");
    }

    /** Bytes of damaged images, as CIFAR-10-C's, for a network that learned from others. */
    @Test
    void aTestSetOfArraysIsEvaluated() throws IOException {
        TinyImages.idx(folder.resolve("mnist"), 60, 20);
        out(train(folder.resolve("mnist"), "--dataset", "mnist", "--model", "mlp"));
        Path fog = folder.resolve("c/fog.npy");
        Files.createDirectories(fog.getParent());
        Files.write(fog, DataFiles.npy("|u1", false, new byte[12 * 64], 12, 8, 8));
        Files.write(folder.resolve("c/labels.npy"), TinyFeatures.labels(12));
        String run = folder + "/run";
        assertThat(out(kib("eval", run, "--data", fog.toString()))).contains("of 12 test images");
        assertThat(out(kib("eval", run, "--data", fog.toString(), "--limit-test", "5")))
                .contains("of 5 test images");
        Files.write(fog, DataFiles.npy("<f4", false, new byte[12 * 64 * 4], 12, 8, 8));
        kib("eval", run, "--data", fog.toString())
                .assertSentence(2, "The network learned from bytes, but " + fog + " has");
    }

    @Test
    void imagesOfSeveralSizesAreResized() throws IOException {
        for (String name : new String[] {"cat", "dog"}) {
            Files.createDirectories(folder.resolve("images").resolve(name));
            for (int i = 0; i < 10; i++) {
                TinyImages.image(folder.resolve("images").resolve(name).resolve(i + ".png"), 8 + i, 20 - i);
            }
        }
        Path images = folder.resolve("images");
        train(images, "--model", "mlp").assertSentence(1, "but the first one is 3 x ");
        CommandResult trained = train(images, "--model", "mlp", "--resize", "6x7");
        out(trained);
        assertThat(trained.err()).contains("folder: 18 training images (9 of each class)", "3 x 6 x 7");
        assertThat(folder.resolve("run/config.toml")).content().contains("resize = \"6x7\"");
        assertThat(out(kib("eval", folder + "/run"))).contains("of 2 test images");
        CommandResult mirrored = kib(
                "train",
                "--config",
                folder + "/run/config.toml",
                "--mirror",
                "--normalize",
                "training",
                "--out",
                folder + "/mirrored");
        out(mirrored);
        assertThat(folder.resolve("mirrored/config.toml"))
                .content()
                .contains("mirror = true", "normalize = \"training\"");
        assertThat(mean("run")).isEqualTo(0.5);
        assertThat(mean("mirrored")).isBetween(0.0, 0.2); // the images are black
        assertThat(mean("run")).isNotEqualTo(mean("mirrored"));
        kib("train", "--dataset", "mnist", "--resize", "6")
                .assertSentence(2, "--resize means nothing to the data set mnist");
    }

    /** Returns the first channel's mean by which a run's images were normalized. */
    private double mean(String run) throws IOException {
        try (Stream<Path> states = Files.walk(folder.resolve(run))) {
            Path state = states.filter(path -> path.endsWith("state.json"))
                    .findFirst()
                    .orElseThrow();
            return new ObjectMapper()
                    .readTree(state.toFile())
                    .at("/input/mean/0")
                    .asDouble();
        }
    }

    @Test
    void classesHaveWeights() throws IOException {
        Path table = folder.resolve("table.csv");
        TinyFeatures.csv(table, 60);
        train(table, "--class-weights", "1,2,3")
                .assertSentence(
                        2, "--class-weights has 3 numbers, but there are 2 classes; give one for each, or balanced.");
        out(train(table, "--class-weights", "balanced"));
        assertThat(folder.resolve("run/config.toml")).content().contains("class-weights = \"balanced\"");
        out(kib("train", "--resume", folder + "/run", "--epochs", "5"));
        kib("train", "--resume", folder + "/run", "--epochs", "6", "--class-weights", "1,2")
                .assertSentence(2, "class-weights");
    }

    @Test
    void whatFeaturesCannotBeIsRefused() throws IOException {
        Path table = folder.resolve("table.csv");
        TinyFeatures.csv(table, 60);
        train(table, "--model", "vgg", "--linear", "8").assertSentence(2, "--layers means nothing to the model vgg");
        kib("train", "--data", table.toString(), "--model", "vgg", "--device", "reference")
                .assertSentence(
                        2, "The model vgg reads images, but the samples of csv are features; give --model mlp.");
        train(table, "--shift", "2")
                .assertSentence(2, "--shift means nothing to the data set csv, whose samples are features");
        train(table, "--mirror")
                .assertSentence(2, "--mirror means nothing to the data set csv, whose samples are features");
        TinyFeatures.npy(folder.resolve("arrays"), 60);
        train(folder.resolve("arrays"), "--mirror")
                .assertSentence(2, "--mirror mirrors images, but the samples of npy are features; leave it out.");
        train(folder.resolve("arrays"), "--shift", "2")
                .assertSentence(2, "--shift moves images, but the samples of npy are features; leave it out.");
        train(folder.resolve("arrays"), "--label", "a")
                .assertSentence(2, "--label means nothing to the data set npy, which is no table");
        train(table, "--label", "kind").assertSentence(1, "has no column 'kind'; its columns are 'a b'");
    }
}
