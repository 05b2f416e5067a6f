package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page of all options is what the commands' help says now. */
final class OptionsPageTest {
    private static final Path PAGE = Path.of("../../docs/options.md");
    private static final String WRITE = "kib.write";

    @Test
    void thePageSaysWhatTheHelpSays() throws IOException {
        StringBuilder page = new StringBuilder("""
                # Every option, with its default
                What `kib COMMAND --help` prints, command by command. The settings of `kib train` are also the keys of configuration files
                (`lr-local = 0.1`), of `Key` in `java/experiment`, and options of `kib experiment`.

                Written by `mvn test -pl java/cli -Dtest=OptionsPageTest -D%s=true`; a test compares it.
                """.formatted(WRITE));
        page.append("\n```\n").append(kib("--help").out()).append("```\n");
        Kib.line()
                .getSubcommands()
                .forEach((name, command) -> page.append("\n## kib ")
                        .append(name)
                        .append("\n```\n")
                        .append(kib(name, "--help").out())
                        .append("```\n"));
        if (Boolean.getBoolean(WRITE)) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.readString(PAGE))
                .as("docs/options.md; -D" + WRITE + "=true writes it")
                .isEqualTo(page.toString());
    }
}
