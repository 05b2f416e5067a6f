package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.experiment.Key;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where data lie and what they are: told by what is there, compared with the publisher's, or refused with what helps. */
final class DataTest {
    private static final String SMALL = "--model mlp --layers 8 --epochs 1 --batch 10 --device reference";

    @TempDir
    Path folder;

    private CommandResult train(String options) {
        List<String> words = new ArrayList<>(List.of("train"));
        words.addAll(List.of((SMALL + " --out " + folder + "/out " + options).split(" ")));
        return CommandResult.kib(words.toArray(new String[0]));
    }

    @Test
    void dataWithoutANameAreRecognised() throws IOException {
        Path raw = folder.resolve("EMNIST/raw");
        TinyImages.idx(raw, 60, 20);
        CommandResult result = train("--data " + folder + "/EMNIST");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).contains("The data set in " + raw + " is idx: it has files like MNIST's.");
        assertThat(Files.readString(folder.resolve("out/config.toml")))
                .contains("dataset = \"idx\"", "data = \"" + raw + "\"");
    }

    /** Neither the quickstart, whose images are generated, nor anything else takes its place. */
    @Test
    void dataAloneAreNotTheQuickstart() throws IOException {
        TinyImages.cifar(folder.resolve("files"), 3);
        CommandResult result = CommandResult.kib("summary", "--data", folder + "/files");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).contains("is cifar10: by the names of its files.");
        assertThat(SettingsMixinTest.words("--data " + folder + "/files").preset())
                .isNull();
    }

    @Test
    void whatSaysTheDataSetWins() throws IOException {
        TinyImages.idx(folder.resolve("files"), 60, 20);
        String data = " --data " + folder + "/files";
        assertThat(SettingsMixinTest.words("--dataset kmnist" + data).settings().text(Key.DATASET))
                .isEqualTo("kmnist");
        String preset = "--preset mlp-fashion-mnist-cosine-grp-div";
        assertThat(SettingsMixinTest.words(preset + data).settings().text(Key.DATASET))
                .isEqualTo("fashion-mnist");
        Path config = Files.writeString(folder.resolve("my.toml"), "dataset = \"mnist\"\n");
        assertThat(SettingsMixinTest.words("--config " + config + data)
                        .settings()
                        .text(Key.DATASET))
                .isEqualTo("mnist");
        Files.writeString(config, "data = \"" + folder + "/files\"\n");
        assertThat(SettingsMixinTest.words("--config " + config).settings().text(Key.DATASET))
                .as("a file that names a place alone")
                .isEqualTo("idx");
    }

    @Test
    void whatCannotBeToldIsRefused() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "no data");
        train("--data " + folder)
                .assertSentence(1, "What data set is in " + folder + " cannot be told (it has notes.txt)");
        CommandResult gone = train("--data " + folder + "/gone");
        gone.assertSentence(1, "There is no " + folder + "/gone");
        assertThat(gone.err()).contains("--dataset NAME says which data set it is.");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mnist", "cifar100"})
    void whereAPublishedSetIsNotFoundTheCommandsAreNamed(String name) {
        CommandResult result = train("--dataset " + name + " --data " + folder);
        result.assertSentence(1, "The files of " + name + " are not found in " + folder);
        assertThat(result.err()).contains("'kib data fetch " + name + "' fetches it; --data DIR names the place.");
    }

    @Test
    void setsOfOnesOwnNeedAPlace() {
        for (String name : new String[] {"folder", "idx"}) {
            CommandResult result = CommandResult.kib("data", "verify", name);
            result.assertSentence(1, "The data set '" + name + "' needs a place");
            assertThat(result.err()).contains("--data DIR names the place.").doesNotContain("fetch");
        }
    }

    @Test
    void otherDataThanThePublishersFail() throws IOException {
        TinyImages.idx(folder.resolve("files"), 60, 20);
        CommandResult result = CommandResult.kib("data", "verify", "mnist", "--data", folder + "/files");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out())
                .contains("60 training images")
                .contains("  t10k-labels-idx1-ubyte: not its publisher's data (the content has MD5 sum ");
        assertThat(result.err())
                .isEqualToIgnoringNewLines("kib: The data of train-images-idx3-ubyte, train-labels-idx1-ubyte,"
                        + " t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte are not those that mnist's publisher gives;"
                        + " fetch them again, or use them knowing that.");
    }

    @Test
    void verifyRecognisesToo() throws IOException {
        TinyImages.idx(folder.resolve("files"), 60, 20);
        CommandResult result = CommandResult.kib("data", "verify", "--data", folder + "/files");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("is idx: it has files like MNIST's.").contains("10 classes");
    }

    /** Options are the command line's: no constant of a library's classes names one (but Java's own). */
    @Test
    void librariesNameNoOptions() throws Exception {
        Pattern option = Pattern.compile("(?<![-\\w])--(?!add-modules)[a-z][a-z-]+|'kib [a-z]+");
        for (Class<?> one :
                List.of(Datasets.class, io.github.kib4j.train.Trainer.class, io.github.kib4j.cpu.CpuProvider.class)) {
            Path place = Path.of(
                    one.getProtectionDomain().getCodeSource().getLocation().toURI());
            try (java.nio.file.FileSystem jar =
                            Files.isDirectory(place) ? null : java.nio.file.FileSystems.newFileSystem(place);
                    Stream<Path> classes = Files.walk(jar == null ? place : jar.getPath("/"))) {
                for (Path file : classes.filter(path -> path.toString().endsWith(".class"))
                        .toList()) {
                    Matcher found = option.matcher(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
                    assertThat(found.find() ? found.group() : null)
                            .as("%s", file)
                            .isNull();
                }
            }
        }
    }
}
