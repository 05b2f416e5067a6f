package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.objective.CellCodes;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Plan;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Precision;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.Hazards.Access;
import io.github.kib4j.train.LabelSpec;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What holds of every training step's program, on every backend: no hazards, and local rules are local. */
public abstract class ProgramContract extends BackendContract {
    private static final int BATCH = 8;
    private static final Shape IMAGE = Shape.of(2, 8, 8);

    private static List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(TinyRun.rules());
        for (Estimator estimator : Estimator.values()) {
            for (Kernel kernel : List.of(Kernel.COSINE, Kernel.gaussian(5), Kernel.gaussian(2, 5))) {
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
        rules.addAll(TinyRun.withoutLabels());
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
        networks.put(
                "readout of all layers",
                NetworkSpec.vgg(IMAGE, new int[] {8, 8}, Set.of(1), 16, 4, grouped)
                        .withReadout(new ReadoutSpec(32)));
        return networks;
    }

    /** What is done with a training step's program. */
    private interface Look {
        void at(Trainer trainer);
    }

    private Stream<DynamicTest> each(Stream<Rule> rules, Look look) {
        return each(rules, config -> config, look);
    }

    private Stream<DynamicTest> each(Stream<Rule> rules, UnaryOperator<TrainingConfig> changed, Look look) {
        return rules.flatMap(rule -> networks().entrySet().stream()
                .filter(network -> !(rule instanceof LocalRule local && local.objective() instanceof CellCodes)
                        || network.getValue().hidden().get(0).grouping() != null)
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
                                                    true)
                                            .withViews(2);
                                    try (Device device = open();
                                            Trainer trainer = new Trainer(
                                                    device,
                                                    TinyRun.dataset(IMAGE, 3 * BATCH, BATCH),
                                                    changed.apply(config))) {
                                        look.at(trainer);
                                    }
                                }))));
    }

    @TestFactory
    Stream<DynamicTest> stepsThatTouchTheSameBytesAreOrdered() {
        return each(rules().stream(), ProgramContract::checkOrder);
    }

    private static void checkOrder(Trainer trainer) {
        Plan plan = trainer.plan(BATCH);
        for (boolean lanes : new boolean[] {false, true}) {
            Plan planned = plan.withLanes(lanes);
            assertThat(Hazards.find(Hazards.accesses(planned, lanes))).isEmpty();
        }
    }

    @TestFactory
    Stream<DynamicTest> stepsOfMixedImagesAreOrdered() {
        return each(
                Stream.of(TinyRun.phsic(), TinyRun.layerwise(Feedback.Kind.EXACT), new BackpropRule()),
                config -> config.withLabels(new LabelSpec(0.1, 0.2)),
                ProgramContract::checkOrder);
    }

    /** Places that are safe where all steps run in order are taken again too early where lanes run at the same time. */
    @Test
    void placesForOneLaneAreAHazardOnTwo() {
        List<String> hazards = new ArrayList<>();
        AtomicBoolean reuses = new AtomicBoolean();
        each(Stream.of(TinyRun.phsic()), trainer -> {
                    Plan plan = trainer.plan(BATCH).withLanes(false);
                    long separate =
                            plan.tensors().stream().mapToLong(Tensor::bytes).sum();
                    reuses.compareAndSet(false, plan.bytes() < separate);
                    List<Access> places = Hazards.accesses(plan, true);
                    List<Access> waits = Hazards.accesses(plan.withLanes(true), true);
                    List<Access> mixed = new ArrayList<>();
                    for (int i = 0; i < places.size(); i++) {
                        Access at = places.get(i);
                        mixed.add(new Access(at.name(), at.lane(), waits.get(i).waits(), at.reads(), at.writes()));
                    }
                    hazards.addAll(Hazards.find(mixed));
                })
                .forEach(ProgramContract::run);
        assertThat(hazards.isEmpty()).as("where memory is reused").isEqualTo(!reuses.get());
        assertThat(hazards).allMatch(hazard -> hazard.matches("Step \\d+, \\S+, and step \\d+, \\S+, touch .*"));
    }

    /** A wait that is forgotten is found, by both steps that it put in order. */
    @Test
    void everyForgottenWaitIsFound() {
        each(Stream.of(TinyRun.phsic()), trainer -> {
                    List<Access> steps = Hazards.accesses(trainer.plan(BATCH).withLanes(true), true);
                    int waits = 0;
                    for (int i = 0; i < steps.size(); i++) {
                        Access step = steps.get(i);
                        for (int awaited : step.waits()) {
                            waits++;
                            Set<Integer> others = new TreeSet<>(step.waits());
                            others.remove(awaited);
                            List<Access> planted = new ArrayList<>(steps);
                            planted.set(i, new Access(step.name(), step.lane(), others, step.reads(), step.writes()));
                            assertThat(Hazards.find(planted))
                                    .contains("Step " + awaited + ", "
                                            + steps.get(awaited).name() + ", and step " + i
                                            + ", " + step.name()
                                            + ", touch the same bytes, and nothing puts them in order.");
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
        Locality locality = new Locality(trainer.network(), trainer.plan(BATCH).steps());
        Map<Integer, Set<Integer>> sources = new TreeMap<>();
        for (int layer = 0; layer < trainer.network().hidden().size(); layer++) {
            sources.put(layer, locality.sources(layer));
        }
        return sources;
    }
}
