package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.experiment.Experiment;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.ThreadCount;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.DeviceDataset.Sizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParseResult;

/** What options, files and presets come to, before anything is trained. */
final class SettingsMixinTest {
    private static final String MLP = "--dataset mnist --model mlp ";

    @TempDir
    Path folder;

    private static ParseResult parsed(String... options) {
        List<String> arguments = new ArrayList<>(List.of("train"));
        arguments.addAll(Arrays.asList(options));
        return Kib.line().parseArgs(arguments.toArray(new String[0])).subcommand();
    }

    private static Experiment merge(String... options) {
        return SettingsMixin.experiment(parsed(options));
    }

    static Experiment words(String options) {
        return merge(options.strip().split("\\s+"));
    }

    private Path file(String toml) throws IOException {
        return Files.writeString(folder.resolve("my.toml"), toml);
    }

    @Test
    void theLastOfTwoEqualOptionsWins() {
        Settings settings = words(MLP + "--epochs 1 --bias --epochs 2 --bias false --rule hsic --rule=phsic --epochs 3")
                .settings();
        assertThat(settings.integer(Key.EPOCHS)).isEqualTo(3);
        assertThat(settings.flag(Key.BIAS)).isFalse();
        assertThat(settings.text(Key.RULE)).isEqualTo("phsic");
    }

    @ParameterizedTest
    @CsvSource({
        "dataset, FashionMNIST, fashion-mnist",
        "dataset, CIFAR-10, cifar10",
        "activation, leaky_relu, leaky-relu",
        "optimizer, AdamW, adamw",
        "kernel, Gaussian, gaussian",
        "schedule, OneCycle, one-cycle",
        "rule, 'PHSIC,Backprop', 'phsic,backprop'",
        "device, CPU, cpu",
        "precision, BF16, bf16"
    })
    void namesMayBeWrittenAsElsewhere(String key, String written, String meant) {
        assertThat(merge("--" + key, written).settings().text(Key.named(key).orElseThrow()))
                .isEqualTo(meant);
    }

    @Test
    void presetsMayBeWrittenInAnyCase() throws IOException {
        assertThat(merge("--preset", "MLP-MNIST-Cosine").preset()).isEqualTo("mlp-mnist-cosine");
        assertThat(merge(
                                "--config",
                                file("preset = \"VGG-cifar10-1x-SGD-backprop\"\n")
                                        .toString())
                        .settings()
                        .text(Key.ACTIVATION))
                .isEqualTo("selu");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--momentum 0.5 --optimizer adam | --momentum has no effect: the optimizer adam has none",
                "--sigma 2 | --sigma has no effect: no kernel is Gaussian",
                "--cells 1,2 --groups 4 | --cells has no effect: layers of the model mlp have no images",
                "--milestones 2 --schedule cosine | --milestones has no effect: the schedule cosine has no milestones",
                "--milestones 2 --schedule constant | --milestones has no effect: the schedule constant has no milestones",
                "--lr-decay 0.1 --schedule one-cycle | --lr-decay has no effect: the schedule one-cycle has no milestones",
                "--lr-decay 0.1 | --lr-decay has no effect: there are no milestones (--milestones)",
                "--schedule multi-step | --schedule has no effect: there are no milestones (--milestones)",
                "--milestones 10,12 --epochs 10 | --milestones has no effect: training ends after 10 epochs",
                "--milestones 1 --epochs 1 | --milestones has no effect: training ends after 1 epoch",
                "--delta 2 | --delta has no effect: there are no groups (--groups)",
                "--power 0.3 | --power has no effect: there are no groups (--groups)",
                "--divisive-power 0.3 --groups 4 | --divisive-power has no effect: there is no divisive normalization (--divisive-norm)",
                "--groups 4 --rule backprop | --groups has no effect: the rule backprop has no local objective",
                "--kernel linear --rule readout | --kernel has no effect: the rule readout has no local objective",
                "--label-kernel linear --rule backprop,readout | --label-kernel has no effect: the rules backprop and readout have no local objective",
                "--gamma 1 --rule backprop | --gamma has no effect: the rule backprop has no local objective",
                "--lr-local 1 --rule backprop | --lr-local has no effect: the rule backprop has no local objective",
                "--lr-local 1 --muon 0.02 | --lr-local has no effect: hidden layers have nothing but matrices, which learn at the rate of --muon",
                "--muon 0.02 --rule readout | --muon has no effect: the rule readout leaves hidden layers as they are",
                "--weight-decay-local 1 --rule readout | --weight-decay-local has no effect: the rule readout has no local objective",
                "--centre-codes --rule readout | --centre-codes has no effect: the rule readout has no local objective",
                "--augment | --augment has no effect: images of mnist are trained on as they are",
                "--shift 2 --augment false | --shift has no effect: training images are not augmented (--augment)",
                "--mirror --augment false | --mirror has no effect: training images are not augmented (--augment)",
                "--teaching targets --rule backprop | --teaching has no effect: the rule backprop has no local objective",
                "--judgements-flipped 0.1 | --judgements-flipped has no effect: --teaching is labels",
                "--teaching judgements --label-kernel linear | --label-kernel has no effect: --teaching judgements is a similarity by itself",
                "--threads 2 --device reference | --threads has no effect: the device reference computes in one thread"
            })
    void whatIsGivenWithoutEffectIsSaid(String options, String says) throws IOException {
        assertThat(words(MLP + options).notes()).containsExactly("Note: " + says + ".");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--momentum 0.5",
                "--sigma 2 --label-kernel gaussian",
                "--milestones 2,5 --lr-decay 0.1 --schedule multi-step",
                "--groups 4 --delta 2 --power 0.3 --kernel linear --gamma 1 --lr-local 1 --centre-codes",
                "--groups 4 --divisive-norm --divisive-power 0.3 --delta 2 --rule backprop",
                "--kernel linear --rule backprop,hsic",
                "--schedule cosine --warm-up 1",
                "--augment false --milestones= --groups 0",
                "--augment --shift 2 --views 2 --teaching views",
                "--augment --mirror",
                "--teaching judgements --judgements-flipped 0.2 --judgements-unknown 0.2 --rule backprop,hsic",
                "--teaching targets --label-kernel linear"
            })
    void whatHasAnEffectIsNotSpokenOf(String options) {
        assertThat(words(MLP + options).notes()).isEmpty();
    }

    @Test
    void presetsAreNotSpokenOf() {
        for (String preset : new Presets().names()) {
            assertThat(merge("--preset", preset).notes()).as(preset).isEmpty();
        }
        assertThat(words("--preset mlp-mnist-cosine --optimizer adam --schedule cosine --epochs 10")
                        .notes())
                .as("momentum and milestones were not given")
                .isEmpty();
    }

    @Test
    void filesAreSpokenOfButNotWhatARunWrote() throws IOException {
        String toml = "dataset = \"mnist\"\nmodel = \"mlp\"\noptimizer = \"adam\"\nmomentum = 0.5\n";
        assertThat(merge("--config", file(toml).toString()).notes())
                .containsExactly(
                        "Note: 'momentum' of the configuration file has no effect: the optimizer adam has none.");
        for (String preset : new Presets().names()) {
            Path record = file(new RunPlan(merge("--preset", preset).settings()).toToml());
            assertThat(merge("--config", record.toString()).notes()).as(preset).isEmpty();
        }
        Path earlier = file("# All settings of this run; `kib train --config` with this file repeats it.\n"
                + "dataset = \"mnist\"\nmodel = \"mlp\"\nchannels = [128, 256, 256, 512, 512, 512]\n"
                + "pool-after = [2, 4, 5, 6]\nlinear = 1024\noptimizer = \"adam\"\nmomentum = 0.95\n");
        assertThat(merge("--config", earlier.toString()).notes()).isEmpty();
        assertThat(merge("--config", earlier.toString(), "--model", "vgg")
                        .settings()
                        .text(Key.MODEL))
                .isEqualTo("vgg");
    }

    @Test
    void dataAreNamedAsAnyFolderUnderstandsIt() throws IOException {
        Path here = Path.of("").toAbsolutePath();
        assertThat(words(MLP + "--data some/where").settings().text(Key.DATA))
                .isEqualTo(here.resolve("some/where").toString());
        assertThat(SettingsMixin.alone(parsed("--data", "some/where")).text(Key.DATA))
                .as("of a run that is resumed")
                .isEqualTo(here.resolve("some/where").toString());
        assertThat(merge(
                                "--config",
                                file("dataset = \"mnist\"\nmodel=\"mlp\"\ndata = \"d\"\n")
                                        .toString())
                        .settings()
                        .text(Key.DATA))
                .isEqualTo(here.resolve("d").toString());
        assertThat(words(MLP + "--data ~/images").settings().text(Key.DATA))
                .isEqualTo(System.getProperty("user.home") + "/images");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "32 | | 2,4,5,6 | -",
                "16 | | 2,4,5,6 | -",
                "8 | | 2,4,5 | Note: images are pooled after convolutions 2,4,5, not after 2,4,5,6: images of 8x8 cannot be halved more often.",
                "1 | | '' | Note: images are pooled after no convolution, not after 2,4,5,6: images of 1x1 cannot be halved more often.",
                "32 | --channels 8,8,8 | 2 | Note: images are pooled after convolutions 2, not after 2,4,5,6: there are 3 convolutions.",
                "8 | --preset vgg-cifar10-1x-sgd-backprop | 2,4,5 | Note: images are pooled after convolutions 2,4,5, not after 2,4,5,6: images of 8x8 cannot be halved more often.",
                "8 | --pool-after 1,2,3,4 | 1,2,3,4 | -",
                "8 | --model mlp | 2,4,5,6 | -"
            })
    void aNetworkThatNobodyShapedFitsItsImages(int side, String options, String pooled, String note) {
        Experiment fitted = words("--dataset folder " + (options == null ? "" : options))
                .fitted(new Sizes(Shape.of(3, side, side), 10, 1000, 100));
        assertThat(fitted.settings().text(Key.POOL_AFTER)).isEqualTo(pooled);
        assertThat(fitted.notes()).isEqualTo(note == null ? List.of() : List.of(note));
    }

    @ParameterizedTest
    @CsvSource({"28,28", "1,1", "2,50", "7,9", "31,17", "8,8", "224,224"})
    void theDefaultNetworkFitsImagesOfAnySize(int height, int width) {
        Shape image = Shape.of(1, height, width);
        Settings settings = words("--dataset folder --groups 64 --divisive-norm")
                .fitted(new Sizes(image, 10, 1000, 100))
                .settings();
        NetworkSpec network = new RunPlan(settings).training("phsic", image, 10).network();
        assertThat(network.hidden()).hasSize(7);
        if (height == 28) {
            assertThat(settings.text(Key.POOL_AFTER)).isEqualTo("2,4,5,6");
            assertThat(network.shapes().get(6)).isEqualTo(Shape.of(512, 1, 1));
        }
    }

    @Test
    void aBatchOfMoreImagesThanThereAreIsSaid() {
        Experiment experiment = words(MLP + "--batch 128");
        assertThat(experiment.fitted(new Sizes(Shape.of(1, 28, 28), 10, 60, 20)).notes())
                .containsExactly(
                        "Note: --batch 128 is more than the 60 training images there are; a step takes all of them.");
        assertThat(experiment
                        .fitted(new Sizes(Shape.of(1, 28, 28), 10, 128, 20))
                        .notes())
                .isEmpty();
    }

    @Test
    void viewsThatAreAllAlikeAreSaid() {
        Sizes mnist = new Sizes(Shape.of(1, 28, 28), 10, 600, 20);
        assertThat(words(MLP + "--views 2").fitted(mnist).notes())
                .containsExactly(
                        "Note: --views 2 shows each image 2 times alike, since images of mnist are trained on as they"
                                + " are; with --augment true --shift 2 its views differ.");
        assertThat(words(MLP + "--views 2 --shift 2").fitted(mnist).notes()).isEmpty();
    }

    @Test
    void threadsAreWhatIsAskedElseWhatOpenMpIsTold() {
        assertThat(ThreadCount.of(
                        words(MLP + "--device reference --threads 1000").settings()))
                .isEqualTo(new ThreadCount(1, null));
        assertThat(ThreadCount.of(0, null, 4)).isEqualTo(new ThreadCount(0, null));
        assertThat(ThreadCount.of(3, "2", 4)).isEqualTo(new ThreadCount(3, null));
        assertThat(ThreadCount.of(0, "2,1", 4))
                .isEqualTo(new ThreadCount(2, "Computing with 2 threads, as OMP_NUM_THREADS says."));
        assertThat(ThreadCount.of(0, "1", 4).note()).contains("1 thread,");
        assertThat(ThreadCount.of(0, "4", 4)).isEqualTo(new ThreadCount(4, null));
        assertThat(ThreadCount.of(8, null, 4))
                .isEqualTo(new ThreadCount(
                        8, "Note: --threads 8 is more than the 4 processors there are, which is slower."));
        assertThat(ThreadCount.of(2, null, 1).note()).contains("1 processor there is");
        for (String bad : List.of("x", "0", "-1", "4.0", "99999", ",2")) {
            ThreadCount count = ThreadCount.of(0, bad, 4);
            assertThat(count.threads()).as(bad).isZero();
            assertThat(count.note()).as(bad).contains("OMP_NUM_THREADS is '" + bad + "'");
        }
    }
}
