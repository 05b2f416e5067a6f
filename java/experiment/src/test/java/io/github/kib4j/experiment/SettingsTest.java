package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.objective.CellCodes;
import io.github.kib4j.objective.LayerObjectives;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    void numbersMayBeOneForEachLayer() throws IOException {
        Settings given = new Settings().set(Key.GAMMA, "2, 4,0.5");
        Settings settings = Experiment.of(given, null, "mlp-mnist-cosine-grp").settings();
        String toml = new RunPlan(settings).toToml();
        assertThat(toml).contains("gamma = [2.0, 4.0, 0.5]\n");
        assertThat(Settings.read(file(toml)).settings().numbers(Key.GAMMA)).containsExactly(2.0, 4.0, 0.5);
        assertThat(given.toJson()).hasToString("{\"gamma\":[2.0,4.0,0.5]}");
        assertThat(new Settings().set(Key.GAMMA, "3").toJson()).hasToString("{\"gamma\":3.0}");
        for (String rule : List.of("phsic", "hsic", "hebbian-pairs")) {
            LocalRule learned = (LocalRule) new RunPlan(settings)
                    .training(rule, Shape.of(1, 28, 28), 10)
                    .rule();
            assertThat(learned.signature().entries())
                    .as(rule)
                    .containsEntry("objective.1.gamma", "2.0")
                    .containsEntry("objective.2.gamma", "4.0")
                    .containsEntry("objective.3.gamma", "0.5");
        }
        Settings same = settings.with(Key.GAMMA, "3,3,3");
        assertThat(new RunPlan(same).training("phsic", Shape.of(1, 28, 28), 10).signature())
                .as("numbers that are all the same are one")
                .isEqualTo(new RunPlan(settings.with(Key.GAMMA, "3"))
                        .training("phsic", Shape.of(1, 28, 28), 10)
                        .signature());
    }

    @Test
    void severalWidthsAreOneKernel() throws IOException {
        Settings given = new Settings().set(Key.KERNEL, "gaussian").set(Key.SIGMA, "10,2,5");
        Settings settings = Experiment.of(given, null, "mlp-mnist-cosine-grp").settings();
        String toml = new RunPlan(settings).toToml();
        assertThat(toml).contains("sigma = [10.0, 2.0, 5.0]\n");
        assertThat(new RunPlan(Settings.read(file(toml)).settings()).kernel(Key.KERNEL))
                .isEqualTo(Kernel.gaussian(2, 5, 10));
        assertThat(new RunPlan(settings)
                        .training("phsic", Shape.of(1, 28, 28), 10)
                        .rule()
                        .signature()
                        .entries())
                .containsEntry("objective.kernel.sigma", "2.0,5.0,10.0");
    }

    @Test
    void groupsMayBeInCells() throws IOException {
        Settings given = new Settings().set(Key.CELLS, "1,2,4").set(Key.GAMMA, "2,2,2,2,2,2,4");
        Settings settings =
                Experiment.of(given, null, "vgg-cifar10-1x-sgd-cosine-grp").settings();
        String toml = new RunPlan(settings).toToml();
        assertThat(toml).contains("cells = [1, 2, 4]\n");
        Settings again = Settings.read(file(toml)).settings();
        for (String rule : List.of("phsic", "hsic", "hebbian-pairs")) {
            LocalRule learned = (LocalRule)
                    new RunPlan(again).training(rule, Shape.of(3, 32, 32), 10).rule();
            assertThat(learned.objective()).as(rule).isInstanceOf(CellCodes.class);
            assertThat(learned.signature().entries())
                    .as(rule)
                    .containsEntry("objective.cells", "1,2,4")
                    .containsEntry("objective.7.gamma", "4.0");
        }
        Settings one = settings.with(Key.CELLS, "1");
        assertThat(((LocalRule) new RunPlan(one)
                                .training("phsic", Shape.of(3, 32, 32), 10)
                                .rule())
                        .objective())
                .as("one cell is the whole image")
                .isInstanceOf(LayerObjectives.class);
        assertThat(new RunPlan(one).toToml()).doesNotContain("cells");
    }

    @Test
    void aByteOrderMarkIsPassedOver() throws IOException {
        Settings.FromFile read = Settings.read(file("\ufeffepochs = 3\n[unknown]\n".replace("[unknown]\n", "")));
        assertThat(read.settings().integer(Key.EPOCHS)).isEqualTo(3);
        assertThat(read.places().get(Key.EPOCHS)).endsWith("my.toml, line 1, column 1");
    }
}
