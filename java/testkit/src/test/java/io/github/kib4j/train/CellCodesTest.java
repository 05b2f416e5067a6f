package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.CellCodes;
import io.github.kib4j.objective.LayerObjectives;
import io.github.kib4j.objective.LocalClassification;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.TinyRun;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Codes of groups in cells. */
final class CellCodesTest {
    private static final LocalRule PHSIC = (LocalRule) TinyRun.phsic();

    private static Rule cells(Objective.Kind objective, int... scales) {
        List<Integer> sides = java.util.Arrays.stream(scales).boxed().toList();
        return new LocalRule("phsic", new CellCodes(objective, sides), PHSIC.teaching());
    }

    private static TrainingConfig config(Rule rule, double divisivePower) {
        LayerSpec style = LayerSpec.linear(1).withGrouping(new Grouping(4, 0.7, 1, divisivePower));
        NetworkSpec network = NetworkSpec.vgg(Shape.of(2, 8, 8), new int[] {8, 8}, Set.of(0), 16, 4, style);
        return TinyRun.config(rule, network, 2, 16, 0.01);
    }

    private static List<double[]> trained(Rule rule, double divisivePower) {
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer = new Trainer(device, TinyRun.dataset(48, 8), config(rule, divisivePower))) {
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            return trainer.network().parameters().stream()
                    .map(Parameter::value)
                    .map(Tensor::readDoubles)
                    .toList();
        }
    }

    /** One cell is the whole image: another way to the same codes, with and without divisive normalization. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3})
    void oneCellIsNone(double divisivePower) {
        List<double[]> plain = trained(PHSIC, divisivePower);
        List<double[]> one = trained(cells(PHSIC.objective(), 1), divisivePower);
        List<double[]> several = trained(cells(PHSIC.objective(), 1, 2), divisivePower);
        for (int i = 0; i < plain.size(); i++) {
            assertThat(one.get(i)).containsExactly(plain.get(i), within(1e-9));
        }
        assertThat(several.get(0)[0]).isNotCloseTo(plain.get(0)[0], within(1e-6));
    }

    /** A scale suits a layer where a group has at least two numbers in each cell. */
    @Test
    void scalesThatSuitALayer() {
        List<Integer> scales = List.of(1, 2, 4);
        assertThat(Cells.fitting(scales, 4, Shape.of(8, 5, 5))).containsExactly(1, 2, 4);
        assertThat(Cells.fitting(scales, 8, Shape.of(8, 5, 5)))
                .as("a number for each cell of 4 x 4")
                .containsExactly(1, 2);
        assertThat(Cells.fitting(scales, 4, Shape.of(8, 2, 9))).containsExactly(1, 2);
        assertThat(Cells.fitting(scales, 4, Shape.of(8))).containsExactly(1);
        assertThat(Cells.fitting(List.of(4), 4, Shape.of(8, 2, 2)))
                .as("of none, one cell")
                .containsExactly(1);
        assertThat(new Cells(4, 0.5, 1, scales).width()).isEqualTo(4 * 21);
    }

    @Test
    void scalesAreARunsOwn() {
        CellCodes cells = new CellCodes(PHSIC.objective(), List.of(4, 1, 2, 2));
        assertThat(cells.scales()).containsExactly(1, 2, 4);
        assertThat(cells.signature().entries()).containsEntry("cells", "1,2,4").containsEntry("gamma", "2.0");
        assertThat(cells.leastBatch()).isEqualTo(2);
    }

    @Test
    void whatCannotHaveCellsIsRefused() {
        assertThatThrownBy(() -> new CellCodes(PHSIC.objective(), List.of())).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> new CellCodes(PHSIC.objective(), List.of(0)))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("at least 1");
        Objective.Kind classifier = new LocalClassification(4, 16, Feedback.Kind.EXACT);
        assertThatThrownBy(() -> new CellCodes(classifier, List.of(2)))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("compares no codes");
        assertRefused(
                cells(PHSIC.objective(), 2), LayerSpec.linear(1), "the 6 channels of hidden layer 1 have no groups.");
        assertRefused(
                cells(PHSIC.objective(), 2),
                LayerSpec.linear(1).withGrouping(new Grouping(4, 0.5, 1, 0)),
                "the 6 channels of hidden layer 1 have 4 groups, which do not divide them.");
        assertRefused(
                cells(new LayerObjectives(List.of(PHSIC.objective())), 2),
                LayerSpec.linear(1).withGrouping(new Grouping(2, 0.5, 1, 0)),
                "There are objectives for 1 hidden layers, but the network has 2; give as many.");
    }

    private static void assertRefused(Rule rule, LayerSpec style, String sentence) {
        NetworkSpec network = NetworkSpec.vgg(Shape.of(2, 8, 8), new int[] {6}, Set.of(0), 16, 4, style);
        try (Device device = Devices.open("reference", 1).device()) {
            assertThatThrownBy(
                            () -> new Trainer(device, TinyRun.dataset(8, 8), TinyRun.config(rule, network, 1, 4, 0.01)))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageEndingWith(sentence);
        }
    }
}
