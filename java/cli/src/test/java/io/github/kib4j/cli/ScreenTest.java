package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person sees of a training, on terminals of any width and in files. */
final class ScreenTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long now;

    private Screen screen(boolean quiet, int columns) {
        return new Screen(new PrintStream(bytes, true, StandardCharsets.UTF_8), quiet, () -> columns);
    }

    /** Returns the lines that a terminal of this width shows, after carriage returns, clearing and wrapping. */
    private List<String> shown(int columns) {
        List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
        int column = 0;
        String all = bytes.toString(StandardCharsets.UTF_8);
        for (int i = 0; i < all.length(); i++) {
            StringBuilder line = lines.get(lines.size() - 1);
            if (all.startsWith("\u001b[K", i)) {
                line.setLength(Math.min(column, line.length()));
                i += 2;
            } else if (all.charAt(i) == '\r') {
                column = 0;
            } else if (all.charAt(i) == '\n') {
                lines.add(new StringBuilder());
                column = 0;
            } else {
                if (column == columns) {
                    line = new StringBuilder();
                    lines.add(line);
                    column = 0;
                }
                line.setLength(Math.max(line.length(), column + 1));
                line.setCharAt(column++, all.charAt(i));
            }
        }
        return lines.stream()
                .map(StringBuilder::toString)
                .filter(line -> !line.isEmpty())
                .toList();
    }

    private static EpochResult epoch(int layers) {
        return new EpochResult(
                100,
                60_000,
                1,
                60_000,
                0.25,
                new Random(1).doubles(layers).boxed().toList(),
                1.5,
                12.3,
                0.1,
                0.1);
    }

    private void train(Progress progress) {
        for (int epoch = 99; epoch <= 100; epoch++) {
            progress.startEpoch();
            for (int step = 1; step <= 469; step++) {
                now += 50_000_000;
                progress.step(epoch, step, 469);
            }
            for (int done = 0; done < 10_000; done += 128) {
                now += 10_000_000;
                progress.testing(epoch, done, 10_000);
            }
            progress.epoch(epoch(9), new Evaluation(10_000, 1, 98.76));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 60, 61, 72, 79, 80, 100, 132, 199, 200})
    void nothingIsLeftBehindAtAnyWidth(int columns) {
        Screen screen = screen(false, columns);
        train(new Progress(screen, () -> now).begin("backprop", 100, 128));
        List<String> shown = shown(columns);
        assertThat(shown).as("only the lines of the epochs stay").hasSize(2);
        assertThat(shown).allSatisfy(line -> assertThat(line.length()).isLessThan(columns));
        assertThat(shown).allSatisfy(line -> assertThat(line).startsWith("backprop epoch 100/100"));
        if (columns >= 60) {
            assertThat(shown.get(0)).contains("test 98.76 %, train 12.30 %");
        }
        assertThat(shown.get(0).contains("local losses")).isEqualTo(columns >= 199);
        boolean light = shown.get(0).contains("25.00 % of the speed of light");
        assertThat(light).as("where there is room beside the rest").isEqualTo(columns == 132 || columns == 200);
    }

    @Test
    void stepsOfTheEpochAreCountedAndEvaluationIsShown() {
        Screen screen = screen(false, 100);
        Progress progress = new Progress(screen, () -> now).begin("phsic", 10, 128);
        progress.startEpoch();
        now += 1_000_000_000;
        progress.step(3, 117, 469);
        assertThat(shown(100))
                .containsExactly("phsic epoch 3/10 step 117/469 [#####...................] 128 images/s, 1:00:35 left");
        progress.testing(3, 0, 10_000);
        assertThat(shown(100)).containsExactly("phsic epoch 3/10 testing 0/10,000 [........................]");
        now += 1_000_000_000;
        progress.testing(3, 5_000, 10_000);
        assertThat(shown(100)).containsExactly("phsic epoch 3/10 testing 5,000/10,000 [############............]");
        screen.line("said");
        assertThat(shown(100)).containsExactly("said");
        progress.testing(3, 0, 10_000);
        screen.close();
        assertThat(shown(100)).containsExactly("said");
    }

    @Test
    void aNarrowTerminalLeavesOutTheBarOrTheSpeed() {
        Progress progress = new Progress(screen(false, 60), () -> now).begin("backprop", 100, 128);
        progress.startEpoch();
        now += 1_000_000_000;
        progress.step(100, 1, 469);
        assertThat(shown(60)).containsExactly("backprop epoch 100/100 step 1/469 128 images/s, 7:48 left");
        now += 99_000_000_000L;
        progress.step(100, 100, 469);
        assertThat(shown(60)).containsExactly("backprop epoch 100/100 step 100/469 [#........] 6:09 left");
    }

    @Test
    void aFileGetsOneWholeLineForEachEpoch() {
        train(new Progress(screen(false, 0), () -> now).begin("phsic", 100, 128));
        assertThat(bytes.toString(StandardCharsets.UTF_8)).doesNotContain("\r", "\u001b", "step", "testing");
        assertThat(shown(Integer.MAX_VALUE))
                .hasSize(2)
                .allSatisfy(
                        line -> assertThat(line).contains("readout loss 1.5000, local losses 0.", ", 60,000 images/s"));
    }

    @Test
    void quietSaysNothing() {
        Screen screen = screen(true, 80);
        train(new Progress(screen, () -> now).begin("phsic", 100, 128));
        screen.line("nothing");
        screen.close();
        assertThat(bytes.size()).isZero();
    }

    @Test
    void aLinkToATerminalIsOne(@TempDir Path folder) throws IOException {
        assertThat(TerminalWidth.terminal(link(folder, "/dev/pts/3"))).isEqualTo(Path.of("/dev/pts/3"));
        assertThat(TerminalWidth.terminal(link(folder, "/dev/tty1"))).isEqualTo(Path.of("/dev/tty1"));
        for (String other : List.of("/dev/null", "pipe:[12]", "socket:[7]", "/tmp/err", "/dev/pts/3 (deleted)")) {
            assertThat(TerminalWidth.terminal(link(folder, other))).as(other).isNull();
        }
        assertThat(TerminalWidth.terminal(folder.resolve("none"))).isNull();
    }

    private static Path link(Path folder, String target) throws IOException {
        Path link = folder.resolve("2");
        Files.deleteIfExists(link);
        return Files.createSymbolicLink(link, Path.of(target));
    }
}
