package io.github.kib4j.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What commands are made of. */
final class Parts {
    private Parts() {}

    static CommandSpec command(String name, String description) {
        CommandSpec spec = CommandSpec.create().name(name).mixinStandardHelpOptions(true);
        spec.usageMessage().description(description);
        return spec;
    }

    /** Returns an option without a value. */
    static OptionSpec flag(String name, String description) {
        return OptionSpec.builder(name)
                .type(boolean.class)
                .arity("0")
                .description(description)
                .build();
    }

    /** Returns the option of a command that prints these as JSON. */
    static OptionSpec json(String what) {
        return flag("--json", "print JSON on one line: " + what);
    }

    /** Returns an option with a value. */
    static OptionSpec option(String name, Class<?> type, String label, String description) {
        return OptionSpec.builder(name)
                .type(type)
                .paramLabel(label)
                .description(description)
                .build();
    }

    /** Returns the argument at this place, which must be there or not. */
    static PositionalParamSpec argument(
            int index, boolean required, Class<?> type, String label, String description, List<String> candidates) {
        return PositionalParamSpec.builder()
                .index(Integer.toString(index))
                .arity(required ? "1" : "0..1")
                .required(required)
                .type(type)
                .paramLabel(label)
                .completionCandidates(candidates)
                .description(description)
                .build();
    }
}
