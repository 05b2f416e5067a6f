package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings as files hold them. */
final class SettingsTest {
    @TempDir
    Path folder;

    private Path file(String toml) throws IOException {
        return Files.writeString(folder.resolve("my.toml"), toml);
    }

    @Test
    void aConfigurationHoldsAllThatItsTrainingReads() throws IOException {
        for (String preset : new Presets().names()) {
            Settings given = new Settings().set(Key.SCHEDULE, "multi-step");
            Settings settings = Experiment.of(given, null, preset).settings();
            String toml = new RunPlan(settings).toToml();
            Settings again = Settings.read(file(toml)).settings();
            for (String rule : new RunPlan(settings).rules()) {
                TrainingConfig one = new RunPlan(settings).training(rule, Shape.of(3, 32, 32), 10);
                TrainingConfig other = new RunPlan(again).training(rule, Shape.of(3, 32, 32), 10);
                assertThat(other.network()).as(preset).isEqualTo(one.network());
                assertThat(other.local()).as(preset).isEqualTo(one.local());
                assertThat(other.readout()).as(preset).isEqualTo(one.readout());
                assertThat(other.schedule()).as(preset).isEqualTo(one.schedule());
            }
            boolean mlp = settings.text(Key.MODEL).equals("mlp");
            assertThat(toml.contains("channels")).as(preset).isEqualTo(!mlp);
            assertThat(toml.contains("layers")).as(preset).isEqualTo(mlp);
        }
    }

    @Test
    void aByteOrderMarkIsPassedOver() throws IOException {
        Settings.FromFile read = Settings.read(file("\ufeffepochs = 3\n[unknown]\n".replace("[unknown]\n", "")));
        assertThat(read.settings().integer(Key.EPOCHS)).isEqualTo(3);
        assertThat(read.places().get(Key.EPOCHS)).endsWith("my.toml, line 1, column 1");
    }
}
