package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The presets are the paper's runs. */
final class PresetsTest {
    private final Presets presets = new Presets();

    private TrainingConfig training(String name) {
        Settings settings = presets.get(name);
        boolean cifar = settings.text(Key.DATASET).equals("cifar10");
        RunPlan plan = new RunPlan(settings);
        return plan.training(plan.rules().get(0), cifar ? Shape.of(3, 32, 32) : Shape.of(1, 28, 28), 10);
    }

    @Test
    void thereIsOneForEveryRunWhoseRuleExists() {
        assertThat(presets.names())
                .hasSize(63)
                .doesNotHaveDuplicates()
                .contains(
                        "quickstart",
                        "mlp-fashion-mnist-cosine-grp-div",
                        "mlp-mnist-backprop-div",
                        "vgg-cifar10-1x-sgd-cosine-grp-div",
                        "mlp-kmnist-gaussian");
    }

    /** Each run's numbers reach its training. */
    @Test
    void numbersAreThePapers() throws IOException {
        JsonNode paper = new ObjectMapper().readTree(PresetsTest.class.getResourceAsStream("paper-runs.json"));
        List<JsonNode> runs = new ArrayList<>();
        paper.get("runs").forEach(runs::add);
        assertThat(runs).hasSize(62);
        for (int i = 0; i < runs.size(); i++) {
            String name = presets.names().get(i + 1);
            JsonNode run = runs.get(i);
            TrainingConfig training = training(name);
            boolean mlp = run.get("table").asText().equals("mlp");
            assertThat(training.rule().name())
                    .as(name)
                    .isEqualTo(run.get("rule").asText());
            assertThat(training.readout().learningRate())
                    .as(name)
                    .isEqualTo(run.get("lr_readout").asDouble());
            if (training.rule() instanceof LocalRule) {
                assertThat(training.local().learningRate())
                        .as(name)
                        .isEqualTo(run.get("lr_local").asDouble());
            }
            assertThat(training.epochs()).isEqualTo(mlp ? 100 : 500);
            assertThat(training.batch()).isEqualTo(mlp ? 256 : 128);
            Grouping grouping = training.network().hidden().get(0).grouping();
            boolean grouped =
                    run.get("grouping").asBoolean() || run.get("divisive_norm").asBoolean();
            assertThat(grouping != null).as(name).isEqualTo(grouped);
            if (grouping != null) {
                assertThat(grouping.groups()).isEqualTo(run.get("groups").asInt());
                assertThat(grouping.divisivePower())
                        .isEqualTo(run.get("divisive_norm").asBoolean() ? 0.2 : 0);
                assertThat(grouping.power()).isEqualTo(run.get("divisive_norm").asBoolean() ? 0.8 : 0.5);
            }
            assertThat(presets.paperAccuracy(name))
                    .isEqualTo(run.get("paper_accuracy").asDouble());
        }
    }

    @Test
    void theVggIsThePapers() {
        TrainingConfig training = training("vgg-cifar10-2x-sgd-cosine-grp-div");
        assertThat(training.network().hidden().stream().map(LayerSpec::units))
                .containsExactly(256, 512, 512, 1024, 1024, 1024, 1024);
        assertThat(training.network().shapes().get(6)).isEqualTo(Shape.of(1024, 2, 2));
        LayerSpec layer = training.network().hidden().get(0);
        assertThat(layer.activation()).isEqualTo(Activation.SELU);
        assertThat(layer.dropout().alpha()).isTrue();
        assertThat(layer.dropout().rate()).isEqualTo(0.05);
        assertThat(training.local().update()).isEqualTo(new OptimizerOps.Sgd(0.95, 1e-7));
        assertThat(training.schedule()).isEqualTo(new Schedule.MultiStep(List.of(300, 350, 450, 475), 0.25));
        TrainingConfig adam = training("vgg-cifar10-1x-adamw-gaussian-grp");
        assertThat(adam.network().hidden().get(0).batchNorm()).isTrue();
        assertThat(adam.network().hidden().get(0).activation()).isEqualTo(Activation.LEAKY_RELU);
        assertThat(adam.readout().update()).isEqualTo(new OptimizerOps.Adam(0.9, 0.999, 1e-8, 1e-6, true));
    }

    @Test
    void plainKernelsAreNeitherGroupedNorCentred() {
        LocalRule rule = (LocalRule) training("mlp-cifar10-gaussian").rule();
        assertThat(rule.objective().spec().centred()).isFalse();
        assertThat(((LocalRule) training("mlp-cifar10-gaussian-grp").rule())
                        .objective()
                        .spec()
                        .centred())
                .isTrue();
    }
}
