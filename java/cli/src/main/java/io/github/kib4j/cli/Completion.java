package io.github.kib4j.cli;

import io.github.kib4j.experiment.UsageException;
import java.io.PrintStream;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib completion}: a script by which a shell completes commands, options and names. */
final class Completion {
    private static final List<String> SHELLS = List.of("bash", "zsh");

    private Completion() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "completion",
                "Prints a script that completes commands, options and names on the Tab key; the shell"
                        + " reads it as the example shows, best in its start-up file.");
        spec.addPositional(Parts.argument(0, true, String.class, "SHELL", "bash or zsh", SHELLS));
        return spec;
    }

    static int run(ParseResult parsed, CommandLine line, PrintStream out) {
        String shell = parsed.matchedPositionalValue(0, "");
        if (!SHELLS.contains(shell)) {
            throw UsageException.unknown("completion for the shell", shell, SHELLS);
        }
        out.print(AutoComplete.bash("kib", line));
        return 0;
    }
}
