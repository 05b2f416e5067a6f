package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.objective.HebbianPairs;
import io.github.kib4j.objective.LayerObjectives;
import io.github.kib4j.objective.LocalClassification;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.objective.PairMemory;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.testkit.TinyRun;
import java.util.List;
import java.util.function.DoubleFunction;
import org.junit.jupiter.api.Test;

/** An objective for each layer. */
final class LayerObjectivesTest {
    private static Objective.Kind phsic(double gamma) {
        return LocalObjective.of(new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, gamma));
    }

    private static Objective.Kind pairs(double gamma) {
        return new HebbianPairs(Kernel.COSINE, true, gamma, new PairMemory.Batch());
    }

    private static Trainer trainer(Device device, Objective.Kind objective) {
        LocalRule phsic = (LocalRule) TinyRun.phsic();
        LocalRule rule = new LocalRule("local", objective, phsic.teaching());
        return new Trainer(device, TinyRun.dataset(64, 8), TinyRun.config(rule, 3, 16, 0.01));
    }

    /** Returns both hidden layers' weights after one step: what a layer reads in it does not depend on gamma yet. */
    private static List<float[]> afterAStep(Objective.Kind objective) {
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer = trainer(device, objective)) {
            trainer.trainEpoch((epoch, step, steps) -> step < 1);
            return trainer.network().hidden().stream()
                    .map(layer -> layer.parameters().get(0).value().readFloats())
                    .toList();
        }
    }

    @Test
    void eachLayerHasItsOwnGamma() {
        for (DoubleFunction<Objective.Kind> kind :
                List.<DoubleFunction<Objective.Kind>>of(LayerObjectivesTest::phsic, LayerObjectivesTest::pairs)) {
            List<float[]> weak = afterAStep(kind.apply(0.5));
            List<float[]> strong = afterAStep(kind.apply(4));
            List<float[]> both = afterAStep(new LayerObjectives(List.of(kind.apply(0.5), kind.apply(4))));
            assertThat(both.get(0)).isEqualTo(weak.get(0)).isNotEqualTo(strong.get(0));
            assertThat(both.get(1)).isEqualTo(strong.get(1)).isNotEqualTo(weak.get(1));
        }
    }

    @Test
    void whatDoesNotFitTheLayersIsRefused() {
        try (Device device = Devices.open("reference", 1).device()) {
            assertThatThrownBy(() -> trainer(device, new LayerObjectives(List.of(phsic(1), phsic(2), phsic(3)))))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage("There are objectives for 3 hidden layers, but the network has 2; give as many.");
        }
        assertThatThrownBy(() -> new LayerObjectives(List.of())).hasMessageContaining("at least one");
        Objective.Kind classifier = new LocalClassification(4, 16, Feedback.Kind.EXACT);
        assertThatThrownBy(() -> new LayerObjectives(List.of(phsic(2), classifier)))
                .hasMessageContaining("all see codes, or all see activities");
    }

    @Test
    void allOfThemDecideBits() {
        Objective.Kind both = new LayerObjectives(List.of(phsic(0.5), pairs(4)));
        assertThat(both.signature().entries())
                .containsEntry("1.gamma", "0.5")
                .containsEntry("2.gamma", "4.0")
                .containsEntry("2", "pairs");
        assertThat(new LayerObjectives(List.of(pairs(1), phsic(1))).leastBatch())
                .isEqualTo(2);
    }
}
