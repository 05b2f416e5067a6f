package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Advised commands work as typed. */
final class InvocationTest {
    @Test
    void plainWordsStayAndOthersAreQuoted() {
        assertThat(Invocation.of(null, List.of("train", "--resume", "runs/a-b_c.1")))
                .isEqualTo("kib train --resume runs/a-b_c.1");
        assertThat(Invocation.of("./kib", List.of("train", "--resume", "my runs/it's")))
                .isEqualTo("./kib train --resume 'my runs/it'\\''s'");
        assertThat(Invocation.of("bash kib", List.of("eval", ""))).isEqualTo("bash kib eval ''");
    }

    /** Any words come back from a shell as they were. */
    @Test
    void aShellReadsWhatWasMeant() throws IOException, InterruptedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<String> words = new ArrayList<>(List.of("a b", "$HOME", "`x`", "it's", "\"", "\\", "*", "~", "ä", "a\tb"));
        for (int i = 0; i < 50; i++) {
            words.add(random.ints(random.nextInt(6), ' ', '~' + 1)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString());
        }
        String command = Invocation.of("printf '%s\\n'", words);
        Process shell = new ProcessBuilder("sh", "-c", command).start();
        String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(shell.waitFor()).isZero();
        assertThat(said).as("seed " + seed).isEqualTo(String.join("\n", words) + "\n");
    }
}
