package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Changes of a preset: which are planned, with which settings, and what is refused. */
final class AblationTest {
    private static final String PRESET = "mlp-mnist-cosine-grp";

    @TempDir
    Path folder;

    private Ablation ablation(String... lines) throws IOException {
        return Ablation.read(Files.write(folder.resolve("changes.toml"), List.of(lines)));
    }

    private static Settings settings(Candidate candidate) {
        return candidate.trials().get(0).settings();
    }

    @Test
    void eachChangeIsMadeAloneAndSeveralAtOnce() throws IOException {
        Ablation ablation = ablation("[hot]", "lr-local = 2.0", "[wide]", "layers = [64, 64]", "gamma = 3.0");
        assertThat(ablation.names()).containsExactly("hot", "wide");
        Settings given = new Settings().set(Key.EPOCHS, "10").set(Key.GAMMA, "1.5");
        Ablation.Plan plan = ablation.plan(PRESET, given, List.of(), List.of(List.of("wide", "hot")), 3);
        assertThat(plan.notes()).isEmpty();
        assertThat(plan.candidates())
                .extracting(one -> one.labels().get("change"))
                .containsExactly("none", "hot", "wide", "wide + hot");
        assertThat(plan.candidates())
                .extracting(one -> settings(one).text(Key.LR_LOCAL))
                .containsExactly("0.6", "2.0", "0.6", "2.0");
        assertThat(plan.candidates())
                .extracting(one -> settings(one).text(Key.GAMMA))
                .as("what is given wins over the preset, a change over what is given")
                .containsExactly("1.5", "1.5", "3.0", "3.0");
        assertThat(plan.candidates()).allSatisfy(one -> {
            assertThat(one.trials()).hasSize(3);
            assertThat(one.paper()).as("the paper has other trainings").isNull();
            assertThat(settings(one).text(Key.MILESTONES)).isEqualTo("5,8,9");
        });
        assertThat(plan.candidates().get(3).trials().get(2).title()).isEqualTo(PRESET + ", wide + hot, seed 2");
    }

    @Test
    void theQuickstartIsItsFirstRule() throws IOException {
        Ablation.Plan plan =
                ablation("[hot]", "lr-local = 2.0").plan(Presets.QUICKSTART, new Settings(), List.of(), List.of(), 1);
        assertThat(plan.candidates())
                .allSatisfy(one -> assertThat(settings(one).text(Key.RULE)).isEqualTo("phsic"));
    }

    @Test
    void aChangeThatMeansNothingIsLeftOutWithItsReasonAndRefusedWhereItIsChosen() throws IOException {
        Ablation ablation = ablation(
                "[hot]",
                "lr-local = 2.0",
                "[wider]",
                "sigma = 9.0",
                "[deep]",
                "channels = [8, 8]",
                "[odd]",
                "groups = 7");
        Ablation.Plan plan = ablation.plan(PRESET, new Settings(), List.of(), List.of(), 1);
        assertThat(plan.candidates()).hasSize(2);
        assertThat(plan.notes()).hasSize(3);
        assertThat(plan.notes().get(0)).isEqualTo("Without wider: --sigma has no effect: no kernel is Gaussian.");
        assertThat(plan.notes().get(1)).startsWith("Without deep: --channels means nothing to the model mlp");
        assertThat(plan.notes().get(2))
                .startsWith("Without odd: Hidden layer 1 has 1,024 activities, which 7 groups do not divide");
        assertThatThrownBy(() -> ablation.plan(PRESET, new Settings(), List.of("wider"), List.of(), 1))
                .isInstanceOf(UsageException.class)
                .hasMessage("The change wider cannot be made to " + PRESET
                        + ": --sigma has no effect: no kernel is Gaussian.");
        assertThatThrownBy(() -> ablation.plan(PRESET, new Settings(), List.of("hott"), List.of(), 1))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("hot");
        assertThatThrownBy(() -> ablation.plan(PRESET, new Settings(), List.of("hot", "hot"), List.of(), 1))
                .hasMessage("The change hot is named twice.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lr-local = 2.0 | 'lr-local' must be a table of settings, [lr-local].",
                "[none]\\nlr-local = 2.0 | a change needs a name of its own without comma and plus, but has 'none'.",
                "['a,b']\\nlr-local = 2.0 | without comma and plus",
                "['a+b']\\nlr-local = 2.0 | without comma and plus",
                "[hot] | 'hot' must change a setting, and no preset.",
                "[hot]\\npreset = 'quickstart' | 'hot' must change a setting, and no preset.",
                "[hot]\\nseed = 3 | 'seed' is the same for all that is compared.",
                "[hot]\\nthreads = 3 | 'threads' is the same for all that is compared.",
                "[hot]\\nlr-lokal = 3 | There is no setting 'lr-lokal'; did you mean lr-local?",
                "# nothing | has no change; each is a table of settings, [NAME].",
            })
    void whatIsNoChangeIsRefused(String text, String sentence) {
        assertThatThrownBy(() -> ablation(text.split("\\\\n")))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining(sentence);
    }

    /** Every change that kib4j brings can be planned for a preset of the paper. */
    @Test
    void changesThatAreBroughtFitThePapersNetwork() {
        Ablation ablation = Ablation.ofLocalLearning();
        Ablation.Plan convolutions =
                ablation.plan("vgg-cifar10-1x-adamw-gaussian-grp-div", new Settings(), List.of(), List.of(), 1);
        assertThat(convolutions.notes()).isEmpty();
        assertThat(convolutions.candidates()).hasSize(1 + ablation.names().size());
        assertThat(convolutions.candidates())
                .extracting(one -> one.trials().get(0).name())
                .doesNotHaveDuplicates();
    }

    @Test
    void itIsTrainedAndItsGainsAreTold() throws IOException {
        Settings given = TinyStudy.settings(folder);
        Ablation.Plan plan = ablation("[still]", "lr-local = 0.0").plan(PRESET, given, List.of(), List.of(), 2);
        StudyTable table;
        try (Study study = Study.open(
                folder.resolve("study"), "a test", new TrialTraining(), Parallelism.of(1), new StudyListener() {})) {
            table = study.run(plan.candidates(), plan.layout("An ablation"));
        }
        assertThat(table.gain(table.lines().get(0)).mean()).isNaN();
        double gain = table.lines().get(1).mean() - table.lines().get(0).mean();
        assertThat(table.gain(table.lines().get(1)).mean()).isCloseTo(gain, Offset.offset(1e-9));
        try (Stream<String> lines = Files.lines(folder.resolve("study/table.csv"))) {
            assertThat(lines.findFirst().orElse("")).contains(",gain,gain_deviation,");
        }
    }
}
