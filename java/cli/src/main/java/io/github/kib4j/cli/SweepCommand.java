package io.github.kib4j.cli;

import io.github.kib4j.experiment.Sweep;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib sweep}: a search over settings. */
final class SweepCommand {
    private SweepCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "sweep",
                "Searches settings: every combination, or some at random, that a file describes, and ranks them. [base]"
                        + " holds what all have, as a configuration file does, a preset too; [grid] lists of values; or"
                        + " [random] lists, ranges as { from = 0.01, to = 1, log = true }, runs = N and a seed."
                        + " Above them, seeds = N trains each combination N times, and halving = 3 begins with few epochs"
                        + " and lets the best third go on with three times as many, up to the base's. They are ranked by"
                        + " test accuracy, with validation = true in [base] by that on validation images. The same command"
                        + " goes on after a kill; what is done is not done again.");
        spec.addPositional(Parts.argument(0, true, Path.class, "FILE.toml", "what is searched", List.of()));
        StudyCommand.addOptions(spec);
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        Path file = parsed.matchedPositionalValue(0, Path.of(""));
        Sweep sweep = Sweep.read(file);
        String name = String.valueOf(file.getFileName()).replaceFirst("\\.toml$", "");
        return StudyCommand.run(parsed, out, err, Path.of("runs", "sweep-" + name), sweep::run);
    }
}
