package io.github.kib4j.cli;

import io.github.kib4j.experiment.UsageException;
import java.io.PrintStream;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib completion}: a script by which a shell completes commands, options and names. */
final class Completion {
    private Completion() {}

    static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("completion").mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description("Prints a script that completes commands, options and names on the Tab key; the shell"
                        + " reads it as the example shows, best in its start-up file.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .type(String.class)
                .paramLabel("SHELL")
                .required(true)
                .completionCandidates(java.util.List.of("bash", "zsh"))
                .description("bash or zsh")
                .build());
        return spec;
    }

    static int run(ParseResult parsed, CommandLine line, PrintStream out) {
        String shell = parsed.matchedPositionalValue(0, "");
        if (!shell.equals("bash") && !shell.equals("zsh")) {
            throw UsageException.unknown("completion for the shell", shell, java.util.List.of("bash", "zsh"));
        }
        out.print(AutoComplete.bash("kib", line));
        return 0;
    }
}
