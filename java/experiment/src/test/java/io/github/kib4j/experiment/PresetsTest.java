package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.objective.LocalClassification;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
    void thereIsOneForEachOfThePapersRuns() {
        assertThat(presets.names())
                .hasSize(84)
                .doesNotHaveDuplicates()
                .contains(
                        "quickstart",
                        "mlp-fashion-mnist-cosine-grp-div",
                        "mlp-mnist-backprop-div",
                        "vgg-cifar10-1x-sgd-cosine-grp-div",
                        "mlp-kmnist-gaussian");
    }

    private static JsonNode written() throws IOException {
        return new ObjectMapper().readTree(PresetsTest.class.getResourceAsStream("presets.json"));
    }

    @Test
    void whatIsWrittenIsASetting() throws IOException {
        Set<String> names = new HashSet<>(Set.of("name", "of", "paper-accuracy"));
        for (Key key : Key.values()) {
            names.add(key.title());
        }
        for (String part : List.of("families", "presets")) {
            for (JsonNode one : written().get(part)) {
                one.fieldNames().forEachRemaining(name -> assertThat(names).contains(name));
                if (one.has("of")) {
                    assertThat(written().get("families").has(one.get("of").asText()))
                            .isTrue();
                }
            }
        }
    }

    /** A default network without settings is the paper's, which is written twice only here. */
    @Test
    void defaultsAreThePapers() {
        Settings mlp = presets.get("mlp-mnist-gaussian-grp-div");
        assertThat(Key.LAYERS.fallback()).isEqualTo(mlp.text(Key.LAYERS));
        Settings vgg = presets.get("vgg-cifar10-1x-adamw-gaussian-grp");
        for (Key key : List.of(
                Key.CHANNELS,
                Key.POOL_AFTER,
                Key.LINEAR,
                Key.ACTIVATION,
                Key.DELTA,
                Key.DIVISIVE_POWER,
                Key.LABEL_KERNEL,
                Key.SIGMA,
                Key.GAMMA,
                Key.BATCH,
                Key.WEIGHT_DECAY_LOCAL,
                Key.WEIGHT_DECAY_READOUT,
                Key.LR_DECAY)) {
            assertThat(key.fallback()).as(key.title()).isEqualTo(vgg.text(key));
        }
        assertThat(Key.MOMENTUM.fallback()).isEqualTo(mlp.text(Key.MOMENTUM));
    }

    /** Each run's numbers reach its training, and its name says what it is. */
    @Test
    void numbersAreThePapers() throws IOException {
        int runs = 0;
        for (JsonNode run : written().get("presets")) {
            String name = run.get("name").asText();
            if (!run.has("paper-accuracy")) {
                continue;
            }
            runs++;
            TrainingConfig training = training(name);
            boolean mlp = name.startsWith("mlp");
            String rule = run.get("rule").asText();
            assertThat(name)
                    .contains("-" + (rule.equals("phsic") ? run.get("kernel").asText() : rule));
            assertThat(training.rule().name()).as(name).isEqualTo(rule);
            assertThat(training.readout().learningRate())
                    .as(name)
                    .isEqualTo(run.get("lr-readout").asDouble());
            if (training.rule() instanceof LocalRule local) {
                assertThat(training.local().learningRate())
                        .as(name)
                        .isEqualTo(run.get("lr-local").asDouble());
                if (local.objective() instanceof LocalObjective objective) {
                    assertThat(objective.spec().centred()).as(name).isEqualTo(name.contains("-grp"));
                } else {
                    boolean random = rule.endsWith("feedback-alignment");
                    assertThat(local.objective())
                            .as(name)
                            .isEqualTo(new LocalClassification(
                                    10, 2048, random ? Feedback.Kind.RANDOM : Feedback.Kind.EXACT));
                }
            }
            if (training.rule() instanceof BackpropRule backprop) {
                assertThat(backprop.signs()).as(name).isEqualTo(name.contains("-sgd-sign-symmetry"));
            }
            assertThat(training.epochs()).isEqualTo(mlp ? 100 : 500);
            assertThat(training.batch()).isEqualTo(mlp ? 256 : 128);
            Grouping grouping = training.network().hidden().get(0).grouping();
            boolean divisive = name.endsWith("-div");
            assertThat(grouping != null).as(name).isEqualTo(divisive || name.contains("-grp"));
            if (grouping != null) {
                assertThat(grouping.groups()).isEqualTo(run.get("groups").asInt());
                boolean others = rule.startsWith("layerwise")
                        || rule.equals("feedback-alignment")
                        || rule.equals("sign-symmetry");
                assertThat(grouping.divisivePower()).as(name).isEqualTo(divisive ? others ? 0.5 : 0.2 : 0);
                assertThat(grouping.power()).as(name).isEqualTo(divisive && !others ? 0.8 : 0.5);
            }
            assertThat(presets.paperAccuracy(name))
                    .isEqualTo(run.get("paper-accuracy").asDouble());
        }
        assertThat(runs).isEqualTo(80);
    }

    /** Beside the paper's runs: each hidden layer's signal knows no classes, and the readout's accuracy stands beside the rule's. */
    @Test
    void someTeachWithoutLabels() {
        for (String signal : List.of("judgements", "views", "targets")) {
            Settings settings = presets.get("mlp-mnist-" + signal);
            assertThat(new RunPlan(settings).rules()).containsExactly("phsic", "readout");
            TrainingConfig training = training("mlp-mnist-" + signal);
            LocalRule rule = (LocalRule) training.rule();
            assertThat(rule.teaching().signature().entries().get(""))
                    .isEqualTo(signal.equals("targets") ? "pictures" : signal);
            assertThat(training.views()).isEqualTo(signal.equals("views") ? 2 : 1);
            assertThat(presets.paperAccuracy("mlp-mnist-" + signal)).isNull();
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
        assertThat(objective("mlp-cifar10-gaussian").spec().centred()).isFalse();
        assertThat(objective("mlp-cifar10-gaussian-grp").spec().centred()).isTrue();
    }

    private LocalObjective objective(String preset) {
        return (LocalObjective) ((LocalRule) training(preset).rule()).objective();
    }
}
