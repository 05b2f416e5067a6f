package io.github.kib4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.kib4j.bench.operations.OperationsBenchmark;
import io.github.kib4j.bench.training.TrainingBenchmark;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Wrong options: one sentence, exit code 2, nothing measured or written. */
final class ProgramTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rounds 0 | --rounds must be at least 1",
                "--rounds many | Invalid value for option '--rounds': 'many' is not an int",
                "--seconds x | Invalid value for option '--seconds': 'x' is not a double",
                "--seconds 0 | --seconds must lie between 0 and 3600",
                "--seconds NaN | --seconds must lie between 0 and 3600",
                "--rules hebb | There is no rule 'hebb'; choose of: cosine-grp-div",
                "--networks resnet | There is no network 'resnet'; choose of: mlp, vgg, vgg-bn",
                "--networks mlp,resnet | There is no network 'resnet'",
                "--precisions fp8 | There is no precision 'fp8'",
                "--peers jax | There is no peer 'jax'; choose of: djl",
                "--against nowhere | --against needs a checkout with built benchmarks, but nowhere has no bench/target/lib",
                "--threads 0 | --threads must be at least 1",
                "--images 0 | --images must lie between 1 and 600,000",
                "--images 600001 | --images must lie between 1 and 600,000",
                "--frob | Unknown option: '--frob'",
                "--rounds | Missing required parameter for option '--rounds'",
                "mlp | Unmatched argument at index 0: 'mlp'",
                "--out / | --out needs the name of a file",
            })
    void trainingRefuses(String arguments, String sentence) {
        refused(new TrainingBenchmark(), "bench/train", sentence, arguments.split(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rounds 0 | --rounds must be at least 1",
                "--milliseconds 0 | --milliseconds must be at least 1",
                "--milliseconds x | Invalid value for option '--milliseconds': 'x' is not an int",
                "--precisions f64 | --precisions are f32 and bf16",
                "--only nothing | No operation's name contains 'nothing'",
                "--frob | Unknown option: '--frob'",
            })
    void operationsRefuse(String arguments, String sentence) {
        refused(new OperationsBenchmark(), "bench/operations", sentence, arguments.split(" "));
    }

    @Test
    void reportsAreNotOverwritten() throws IOException {
        Path out = folder.resolve("report");
        for (String ending : new String[] {".md", ".json"}) {
            Path file = Files.writeString(folder.resolve("report" + ending), "kept");
            refusedOut(out, file + " exists; name another file, or remove it");
            assertThat(file).hasContent("kept");
            Files.delete(file);
        }
    }

    @Test
    void foldersThatAreFilesAreRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "kept");
        refusedOut(file.resolve("deeper/report"), "nothing can be written in " + file);
        assertThat(file).hasContent("kept");
    }

    @Test
    void unwritableFoldersAreRefused() {
        assertThat(folder.toFile().setWritable(false)).isTrue();
        try {
            assumeFalse(Files.isWritable(folder), "the superuser may write everywhere");
            refusedOut(folder.resolve("new/report"), "nothing can be written in " + folder);
        } finally {
            assertThat(folder.toFile().setWritable(true)).isTrue();
        }
    }

    private static void refusedOut(Path out, String sentence) {
        refused(new TrainingBenchmark(), "bench/train", sentence, "--out", out.toString());
        refused(new OperationsBenchmark(), "bench/operations", sentence, "--out", out.toString());
    }

    private static void refused(Callable<Integer> command, String name, String sentence, String... arguments) {
        StringWriter said = new StringWriter();
        assertThat(Program.run(command, new PrintWriter(said, true), arguments)).isEqualTo(2);
        assertThat(said.toString().lines())
                .singleElement()
                .asString()
                .startsWith(name + ": ")
                .contains(sentence)
                .endsWith("; '" + name + " --help' lists the options.");
    }
}
