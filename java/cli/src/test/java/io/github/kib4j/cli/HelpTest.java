package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.experiment.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Screens of help, and what completes words. */
final class HelpTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "train",
                "experiment",
                "sweep",
                "eval",
                "predict",
                "codes",
                "export",
                "report",
                "data",
                "presets",
                "summary",
                "doctor",
                "bundle",
                "completion"
            })
    void fitsATerminalAndHasExamplesAndExitCodes(String command) {
        CommandResult help = command.isEmpty() ? kib("--help") : kib(command, "--help");
        assertThat(help.code()).isZero();
        assertThat(help.err()).isEmpty();
        assertThat(help.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        assertThat(help.out())
                .startsWith("Usage: kib")
                .contains("\nExit codes:\n", "\nExamples:\n  ")
                .doesNotContain("%");
    }

    @Test
    void helpIsAlsoACommand() {
        assertThat(kib("help")).isEqualTo(kib("--help"));
        assertThat(kib("help", "train")).isEqualTo(kib("train", "--help"));
        assertThat(kib("train", "--epoch", "--help").err()).contains("did you mean --epochs?");
        assertThat(kib("help", "trian").err()).contains("no command 'trian'; did you mean train?");
    }

    @Test
    void optionsStandUnderHeadingsWithChoicesAndDefaultsOnce() {
        String help = kib("train", "--help").out();
        List<String> headings =
                List.of("Settings to start from:", "Data:", "Network:", "Rule:", "Optimizer:", "Run:", "Help:");
        assertThat(help).containsSubsequence(headings);
        String text = help.replaceAll("\\s+", " ");
        for (Key key : Key.values()) {
            int at = text.indexOf("--" + key.title() + (key.type() == Key.Type.FLAG ? "[=" : "="));
            assertThat(at).as(key.title()).isPositive();
            int next = text.indexOf(" --", at + 1);
            String entry = text.substring(at, next < 0 ? text.length() : next);
            assertThat(entry.split("default", -1).length - 1)
                    .as(entry)
                    .isBetween(key.fallback().isEmpty() ? 0 : 1, 1);
            key.choices().forEach(choice -> assertThat(entry).contains(choice));
        }
        assertThat(help.indexOf("--out=")).isBetween(help.indexOf("\nRun:"), help.indexOf("\nHelp:"));
        assertThat(help).contains("(default: 5e-4)", "(default: 1e-7)", "130 ");
    }

    /** Completes the last word in a shell that knows the commands. */
    private List<String> complete(String... words) throws IOException, InterruptedException {
        Path script = folder.resolve("completion.sh");
        Files.writeString(script, kib("completion", "bash").out());
        String line = "source " + script + "\ncompopt() { :; }\nCOMP_WORDS=(kib \"$@\")\nCOMP_CWORD=$#\n"
                + "_complete_kib\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
        ProcessBuilder command = new ProcessBuilder("bash", "-c", line, "bash");
        command.command().addAll(Arrays.asList(words));
        Process process = command.redirectErrorStream(true).start();
        List<String> said =
                new String(process.getInputStream().readAllBytes()).lines().toList();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return said;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tr | train",
                "train --mod | --model",
                "train --model '' | mlp,vgg",
                "train --rule b | backprop",
                "train --kernel g | gaussian",
                "train --dataset cifar | cifar10,cifar100",
                "train --precision '' | f32,tf32,bf16",
                "train --bias '' | true,false",
                "train --preset mlp-kmnist-r | mlp-kmnist-readout,mlp-kmnist-readout-div",
                "presets vgg-cifar10-1x-sgd-b | vgg-cifar10-1x-sgd-backprop,vgg-cifar10-1x-sgd-backprop-div",
                "experiment m | mlp-table",
                "experiment mlp-table --datasets m | mnist",
                "data f | fetch",
                "export --to '' | onnx,safetensors,npz",
                "codes --part '' | test,train",
                "completion '' | bash,zsh"
            })
    void bashCompletes(String typed, String completed) throws Exception {
        String[] words = Arrays.stream(typed.split(" "))
                .map(word -> word.replace("''", ""))
                .toArray(String[]::new);
        assertThat(complete(words)).containsExactly(completed.split(","));
    }
}
