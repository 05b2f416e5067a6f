package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a command said and how it ended. */
record CommandResult(int code, String out, String err) {
    /** Runs {@code kib} in this process. */
    static CommandResult kib(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Kib.run(
                arguments,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new CommandResult(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Returns {@code kib train} with these options, with values or without; a later one replaces an earlier. */
    static String[] train(List<String> options, String... more) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(more));
        Map<String, List<String>> last = new LinkedHashMap<>();
        for (int i = 0; i < all.size(); i++) {
            boolean hasValue = i + 1 < all.size() && !all.get(i + 1).startsWith("--");
            last.put(all.get(i), all.subList(i, i + (hasValue ? 2 : 1)));
            i += hasValue ? 1 : 0;
        }
        List<String> arguments = new ArrayList<>(List.of("train"));
        last.values().forEach(arguments::addAll);
        return arguments.toArray(new String[0]);
    }

    /** Checks that the command failed with this code and one sentence, which says this. */
    void assertSentence(int expected, String says) {
        assertThat(err.lines()).as(err).hasSize(1);
        assertThat(err).startsWith("kib: ").contains(says);
        assertThat(err.strip())
                .as("a sentence")
                .endsWith(".")
                .doesNotContain("..")
                .doesNotContain("null");
        assertThat(err)
                .doesNotContain("Exception")
                .doesNotContainPattern("\\wError")
                .doesNotContain("unexpected");
        assertThat(out).isEmpty();
        assertThat(code).isEqualTo(expected);
    }
}
