package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.train.Version;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bugs are planted in what the commands print to: they are told from what users do, and cost nothing that was saved. */
final class BugTest {
    @TempDir
    Path folder;

    /** Keeps what is printed, and once throws as a bug does: when it is to print these words. */
    private static final class Planted extends OutputStream {
        private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
        private final String words;
        private final Supplier<RuntimeException> bug;
        private boolean found;

        Planted(String words, Supplier<RuntimeException> bug) {
            this.words = words;
            this.bug = bug;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            if (!found && new String(bytes, from, count, StandardCharsets.UTF_8).contains(words)) {
                found = true;
                throw bug.get();
            }
            printed.write(bytes, from, count);
        }
    }

    private static CommandResult kib(Planted out, Planted err, List<String> arguments) {
        int code = Kib.run(
                arguments.toArray(new String[0]),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new CommandResult(
                code, out.printed.toString(StandardCharsets.UTF_8), err.printed.toString(StandardCharsets.UTF_8));
    }

    private static Planted sound() {
        return new Planted("\0", IllegalStateException::new);
    }

    /** Runs a command in whose results there is a bug. */
    private static CommandResult planted(Supplier<RuntimeException> bug, String... arguments) {
        return kib(new Planted("", bug), sound(), List.of(arguments));
    }

    private static void assertBug(CommandResult result, String exception, String place) {
        assertThat(result.code()).as(result.err()).isEqualTo(70);
        assertThat(result.err().lines())
                .anySatisfy(line -> assertThat(line)
                        .startsWith(
                                "kib: this is a bug in kib4j " + Version.NUMBER + " (commit " + Version.COMMIT + "): ")
                        .endsWith(exception))
                .anySatisfy(line -> assertThat(line).startsWith("  at io.github.kib4j." + place))
                .last()
                .asString()
                .isEqualTo("Please report it with the lines above and the command; what was saved before stands.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data list",
                "presets",
                "presets quickstart --json",
                "summary",
                "doctor",
                "completion bash",
                "--help"
            })
    void aBugInAnyCommandIsSaidToBeOne(String command) {
        assertBug(
                planted(() -> new NullPointerException("planted"), command.split(" ")),
                "java.lang.NullPointerException: planted",
                "cli.BugTest$Planted.write(BugTest.java:");
    }

    static Stream<Supplier<RuntimeException>> undeclared() {
        return Stream.of(
                () -> new IllegalArgumentException("planted"),
                () -> new IllegalStateException("planted"),
                () -> new ArithmeticException("planted"),
                () -> new IndexOutOfBoundsException("planted"),
                () -> new ClassCastException("planted"));
    }

    @ParameterizedTest
    @MethodSource("undeclared")
    void whatNobodyDeclaredIsABug(Supplier<RuntimeException> bug) {
        assertBug(planted(bug, "presets"), bug.get().toString(), "cli.PresetsCommand.table(PresetsCommand.java:");
    }

    @Test
    void whatIsDeclaredIsNone() {
        planted(() -> new RefusedException("This is refused."), "presets").assertSentence(1, "This is refused.");
        planted(() -> new UncheckedIOException(new IOException("No space left on device")), "presets")
                .assertSentence(1, "No space left on device");
    }

    @Test
    void aTrainingsCheckpointStands() throws IOException {
        TinyTraining training = new TinyTraining(folder.resolve("data"), "phsic");
        Path run = folder.resolve("run");
        Planted bug = new Planted("epoch 3/4", () -> new NullPointerException("planted"));
        assertBug(
                kib(sound(), bug, training.begin(run)),
                "java.lang.NullPointerException: planted",
                "cli.Progress.epoch(");
        assertThat(Files.readString(run.resolve("run.json"))).contains("\"failed\"", "planted");
        assertBug(
                planted(() -> new NullPointerException("planted"), "eval", run.toString()),
                "java.lang.NullPointerException: planted",
                "cli.EvalCommand.");
        assertThat(CommandResult.kib("eval", run.toString()).out()).contains("after 3 epochs");
        assertThat(CommandResult.kib("train", "--resume", run.toString()).code())
                .isZero();
        Path whole = folder.resolve("whole");
        assertThat(CommandResult.kib(training.begin(whole).toArray(new String[0]))
                        .code())
                .isZero();
        assertThat(TinyTraining.result(run).get("checkpoint/step-24/weights.safetensors"))
                .as("goes on with the bits of one without a bug")
                .isEqualTo(TinyTraining.result(whole).get("checkpoint/step-24/weights.safetensors"));
    }
}
