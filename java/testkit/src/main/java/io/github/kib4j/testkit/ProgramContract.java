package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Plan;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Precision;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Hazards.Access;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What holds of every training step's program, on every backend: no hazards, and local rules are local. */
public abstract class ProgramContract extends BackendContract {
    private static final int BATCH = 8;
    private static final Shape IMAGE = Shape.of(2, 8, 8);

    private static List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(List.of(new BackpropRule(), new ReadoutRule()));
        for (Estimator estimator : Estimator.values()) {
            for (Kernel kernel : List.of(Kernel.COSINE, Kernel.gaussian(5))) {
                ObjectiveOps.Spec spec = new ObjectiveOps.Spec(estimator, kernel, true, 2);
                rules.add(new LocalRule(
                        estimator == Estimator.PHSIC ? "phsic" : "hsic",
                        LocalObjective.of(spec),
                        TeachingSignals.classes(4, Kernel.COSINE, true)));
            }
        }
        ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        rules.add(new LocalRule(
                "phsic", LocalObjective.of(spec), TeachingSignals.similarity((i, j) -> i % 4 == j % 4 ? 1 : 0)));
        return rules;
    }

    private static Map<String, NetworkSpec> networks() {
        LayerSpec plain = LayerSpec.linear(1).withActivation(Activation.LEAKY_RELU);
        LayerSpec grouped = plain.withGrouping(new Grouping(4, 0.8, 1, 0.2)).withDropout(new Dropout(0.1, false));
        Map<String, NetworkSpec> networks = new TreeMap<>();
        networks.put("mlp", NetworkSpec.mlp(IMAGE, List.of(24, 16, 16), 4, plain.withBias(true)));
        networks.put("mlp, groups, dropout", NetworkSpec.mlp(IMAGE, List.of(24, 16, 16), 4, grouped));
        networks.put("vgg", NetworkSpec.vgg(IMAGE, new int[] {8, 8, 12}, Set.of(1), 16, 4, grouped));
        networks.put(
                "vgg, batch norm",
                NetworkSpec.vgg(IMAGE, new int[] {8, 8, 12}, Set.of(0, 1), 16, 4, grouped.withBatchNorm(true)));
        List<LayerSpec> averages = List.of(
                LayerSpec.convolution(6).withPooling(Pooling.AVERAGE).withBatchNorm(true),
                LayerSpec.convolution(8).withPooling(Pooling.AVERAGE),
                LayerSpec.linear(12));
        networks.put("average pooling", new NetworkSpec(IMAGE, averages, 4));
        return networks;
    }

    /** What is done with a training step's program. */
    private interface Look {
        void at(Trainer trainer);
    }

    private Stream<DynamicTest> each(Stream<Rule> rules, Look look) {
        return rules.flatMap(rule -> networks().entrySet().stream()
                .flatMap(network -> Stream.of(Precision.values())
                        .map(precision ->
                                DynamicTest.dynamicTest(rule + ", " + network.getKey() + ", " + precision, () -> {
                                    TrainingConfig base = TinyRun.config(rule, network.getValue(), 1, BATCH, 0.01);
                                    TrainingConfig config = new TrainingConfig(
                                            base.network(),
                                            rule,
                                            base.local(),
                                            base.readout(),
                                            base.schedule(),
                                            1,
                                            BATCH,
                                            precision,
                                            7,
                                            true);
                                    try (Device device = open();
                                            Trainer trainer = new Trainer(
                                                    device, TinyRun.dataset(IMAGE, 3 * BATCH, BATCH), config)) {
                                        look.at(trainer);
                                    }
                                }))));
    }

    @TestFactory
    Stream<DynamicTest> stepsThatTouchTheSameBytesAreOrdered() {
        return each(rules().stream(), trainer -> {
            Plan plan = trainer.program(BATCH).plan();
            for (boolean lanes : new boolean[] {false, true}) {
                Plan planned = plan.withLanes(lanes);
                assertThat(Hazards.find(Hazards.accesses(planned, lanes))).isEmpty();
            }
        });
    }

    /** What a plan for one lane leaves unordered on two is found: its places are taken again too early. */
    @Test
    void aPlanForOneLaneIsAHazardOnTwo() {
        Rule phsic = TinyRun.phsic();
        each(Stream.of(phsic), trainer -> {
                    Plan plan = trainer.program(BATCH).plan().withLanes(false);
                    assertThat(Hazards.find(Hazards.accesses(plan, true)))
                            .anySatisfy(hazard -> assertThat(hazard).contains("forward"));
                })
                .limit(1)
                .forEach(ProgramContract::run);
    }

    /** A wait that is forgotten is found wherever something depends on it; each finding names both operations. */
    @Test
    void everyForgottenWaitIsFound() {
        each(Stream.of(TinyRun.phsic()), trainer -> {
                    Plan plan = trainer.program(BATCH).plan().withLanes(true);
                    List<Access> steps = Hazards.accesses(plan, true);
                    int waits = 0;
                    for (int i = 0; i < steps.size(); i++) {
                        for (int awaited : steps.get(i).waits()) {
                            waits++;
                            Access step = steps.get(i);
                            List<Access> planted = new ArrayList<>(steps);
                            planted.set(i, new Access(step.name(), step.lane(), Set.of(), step.reads(), step.writes()));
                            assertThat(Hazards.find(planted))
                                    .as(step.name() + " does not wait for "
                                            + steps.get(awaited).name())
                                    .anySatisfy(hazard -> assertThat(hazard)
                                            .contains(
                                                    step.name(),
                                                    steps.get(awaited).name()));
                        }
                    }
                    assertThat(waits).isGreaterThan(4);
                })
                .forEach(ProgramContract::run);
    }

    private static void run(DynamicTest test) {
        try {
            test.getExecutable().execute();
        } catch (Throwable e) {
            throw new AssertionError(test.getDisplayName(), e);
        }
    }

    /** What a hidden layer's gradient is computed from was written by the layer itself, and by those before it. */
    @TestFactory
    Stream<DynamicTest> localRulesAreLocal() {
        return each(
                rules().stream().filter(Rule::hasLocalLosses),
                trainer -> sources(trainer)
                        .forEach((layer, sources) -> assertThat(sources)
                                .as("hidden layer " + (layer + 1))
                                .contains(layer)
                                .allMatch(source -> source <= layer)));
    }

    @TestFactory
    Stream<DynamicTest> backpropIsNot() {
        return each(
                Stream.of(new BackpropRule()),
                trainer -> sources(trainer)
                        .forEach((layer, sources) -> assertThat(sources)
                                .as("hidden layer " + (layer + 1))
                                .contains(trainer.network().hidden().size())));
    }

    private static Map<Integer, Set<Integer>> sources(Trainer trainer) {
        Locality locality =
                new Locality(trainer.network(), trainer.program(BATCH).plan().steps());
        Map<Integer, Set<Integer>> sources = new TreeMap<>();
        for (int layer = 0; layer < trainer.network().hidden().size(); layer++) {
            sources.put(layer, locality.sources(layer));
        }
        return sources;
    }
}
