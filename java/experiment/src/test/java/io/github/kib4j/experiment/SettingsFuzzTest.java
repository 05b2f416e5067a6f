package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever a configuration file holds, it is settings that can be written and read again, or a {@link UsageException}. */
final class SettingsFuzzTest {
    private static final int MILLISECONDS = 2000;

    private static Path file;

    @BeforeAll
    static void makeFile() throws IOException {
        file = Files.createTempFile("kib-fuzz", ".toml");
    }

    @AfterAll
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    @FuzzTest(maxDuration = "3m")
    void toml(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        try {
            Settings settings = Settings.read(file).settings();
            Files.writeString(file, new RunPlan(settings).toToml());
            Settings again = Settings.read(file).settings();
            Effects effects = new Effects(settings);
            for (Key key : Key.values()) {
                if (!effects.isUnread(key)) {
                    assertThat(again.text(key)).as(key.title()).isEqualTo(settings.text(key));
                }
            }
            RunPlan plan = new RunPlan(settings);
            plan.rules().forEach(rule -> plan.training(rule, Shape.of(3, 32, 32), 10));
        } catch (UsageException e) {
            assertThat(e.getMessage()).endsWith(".").doesNotContain("Exception").doesNotContain("null");
        }
    }

    @Test
    void randomVariants() {
        List<byte[]> files = List.of(
                new RunPlan(new Presets().get("vgg-cifar10-1x-sgd-cosine-grp-div"))
                        .toToml()
                        .getBytes(StandardCharsets.UTF_8),
                "activation = \"\"\nkernel = \"\"\n".getBytes(StandardCharsets.UTF_8),
                "preset = \"quickstart\"\nepochs = 3 # a comment\nlayers = [1, 2]\nlr-local = 1e-3\n[a.b]\nc = {d = 1979-05-27}\n"
                        .getBytes(StandardCharsets.UTF_8));
        assertThat(Mutations.read(files, MILLISECONDS, this::toml)).isPositive();
    }
}
