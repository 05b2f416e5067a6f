package io.github.kib4j.experiment;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** This program as its user calls it, for sentences that say what to type: {@code ./kib train --resume 'my runs/a'}. */
public final class Invocation {
    /** In which the script says how it was called, as a shell reads it. */
    static final String VARIABLE = "KIB_COMMAND";

    private static final String PLAIN = "[A-Za-z0-9_@%+=:,./-]+";

    private Invocation() {}

    /**
     * {@return program and arguments as a shell reads them}
     *
     * @param arguments of the program; empty ones are left out
     */
    public static String of(String... arguments) {
        return of(
                System.getenv(VARIABLE),
                Arrays.stream(arguments).filter(word -> !word.isEmpty()).toList());
    }

    /** Returns a command for a program that is called by these words of a shell; null for {@code kib}. */
    static String of(@Nullable String program, List<String> arguments) {
        String name = program == null || program.isBlank() ? "kib" : program;
        return arguments.isEmpty()
                ? name
                : name + " " + arguments.stream().map(Invocation::quoted).collect(Collectors.joining(" "));
    }

    /** Returns a word as a shell reads it: in single quotes where it has other than plain characters. */
    static String quoted(String word) {
        return word.matches(PLAIN) ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
