package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kib sweep} on made-up images. */
final class SweepCommandTest {
    @TempDir
    Path folder;

    private String file(String text) throws IOException {
        return Files.writeString(folder.resolve("rates.toml"), text).toString();
    }

    @Test
    void theRankingIsPrintedAndWritten() throws IOException {
        TinyImages.idx(folder.resolve("data"), 60, 20);
        String sweep = file("halving = 2\n[base]\ndataset = \"mnist\"\ndata = \"" + folder.resolve("data")
                + "\"\nmodel = \"mlp\"\nlayers = [16]\nbatch = 20\nepochs = 2\ndevice = \"reference\"\n"
                + "[grid]\nlr-local = [0.001, 0.1]\n");
        String out = folder.resolve("out").toString();
        CommandResult result = kib("sweep", sweep, "--out", out, "--parallel", "2");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err())
                .contains("Round 1 of 2: 2 combinations, 1 epoch.", "Round 2 of 2: 1 combination, 2 epochs.");
        assertThat(result.out())
                .startsWith("rank  lr-local  test accuracy %  seeds  epochs  time\n1     0.")
                .containsPattern("\n2     0.[01]+ .* 1  0:0");
        assertThat(Files.readString(folder.resolve("out/table.md"))).startsWith("# Sweep of " + sweep);
        CommandResult again = kib("sweep", sweep, "--out", out);
        assertThat(again.out()).isEqualTo(result.out());
        assertThat(again.err()).contains("2 runs, of which 2 are done.", "1 run, of which 1 is done.");
    }

    @Test
    void wrongFilesAreASentence() throws IOException {
        kib("sweep").assertSentence(2, "'kib sweep --help' lists the options.");
        kib("sweep", folder.resolve("none.toml").toString()).assertSentence(2, "there is no such file or folder");
        kib("sweep", file("[grid")).assertSentence(2, "rates.toml, line 1, column 6, is no TOML");
        kib("sweep", file("[grid]\nlr = [1]"))
                .assertSentence(2, "rates.toml, line 2, column 1: There is no setting 'lr'");
    }
}
