package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.Dependence;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.TinyRun;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is said of layers is what other code finds from their activities. */
final class LayerStatisticsTest {
    private static final Shape IMAGE = Shape.of(2, 8, 8);
    private static final Grouping GROUPS = new Grouping(4, 0.8, 1, 0.2);
    private static final Kernel GAUSSIAN = Kernel.gaussian(2);

    /** A few roundings of pixels that are normalized here and there. */
    private static final double INPUTS = 1e-6;

    private static final LayerSpec RELU = LayerSpec.linear(1).withActivation(Activation.RELU);

    private static Rule gaussian() {
        return new LocalRule(
                "hsic",
                LocalObjective.of(new ObjectiveOps.Spec(Estimator.HSIC, GAUSSIAN, false, 2)),
                TeachingSignals.classes(4, Kernel.LINEAR, true));
    }

    private static Trainer trainer(Device device, Dataset dataset, Rule rule, LayerSpec style) {
        NetworkSpec network = NetworkSpec.vgg(IMAGE, new int[] {8}, Set.of(0), 16, 4, style);
        return new Trainer(device, dataset, TinyRun.config(rule, network, 2, 16, 0.01));
    }

    /** Codes {@code [B, G]} and what is sent of all test images, by a pass of its own. */
    private record Passed(List<float[][]> codes, List<float[][]> sent, List<float[]> activities) {
        static Passed of(Device device, Network network, Dataset dataset) {
            int count = dataset.test().count();
            try (Scope scope = device.newScope("test")) {
                Tensor x = scope.allocate(network.precision().activations(), IMAGE.prepend(count));
                float[] inputs = new float[count * (int) IMAGE.size()];
                for (int i = 0; i < inputs.length; i++) {
                    inputs[i] = (float) (((dataset.test().pixels().bytes()[i] & 0xFF) / 255.0 - 0.5) / 0.5);
                }
                x.write(inputs);
                Workspace workspace = device.newWorkspace(scope);
                List<LayerPass> passes = network.passes(x, workspace, LayerPass.Use.INFERENCE, null);
                passes.forEach(pass -> {
                    workspace.keep(pass.code());
                    workspace.keep(pass.sent());
                });
                device.compile(
                                workspace,
                                passes.stream()
                                        .flatMap(pass -> pass.forward().stream())
                                        .map(operation -> Step.main(Phase.FORWARD, operation))
                                        .toList())
                        .run();
                return new Passed(
                        passes.stream().map(pass -> rows(pass.code(), count)).toList(),
                        passes.stream().map(pass -> rows(pass.sent(), count)).toList(),
                        passes.stream().map(pass -> pass.sent().readFloats()).toList());
            }
        }

        private static float[][] rows(Tensor tensor, int count) {
            float[] flat = tensor.readFloats();
            int width = flat.length / count;
            float[][] rows = new float[count][];
            for (int b = 0; b < count; b++) {
                rows[b] = Arrays.copyOfRange(flat, b * width, (b + 1) * width);
            }
            return rows;
        }
    }

    private static float[][] oneHot(Dataset dataset, boolean centred) {
        float[][] rows = new float[dataset.test().count()][4];
        for (int b = 0; b < rows.length; b++) {
            rows[b][dataset.test().labels()[b]] = 1;
            for (int c = 0; c < 4 && centred; c++) {
                rows[b][c] -= 0.25f;
            }
        }
        return rows;
    }

    private static double cka(Device device, float[][] x, float[][] y) {
        double xy = Dependence.of(device, x, Kernel.LINEAR, y, Kernel.LINEAR, Estimator.HSIC);
        double xx = Dependence.of(device, x, Kernel.LINEAR, x, Kernel.LINEAR, Estimator.HSIC);
        double yy = Dependence.of(device, y, Kernel.LINEAR, y, Kernel.LINEAR, Estimator.HSIC);
        return xy / Math.sqrt(xx * yy);
    }

    /** More images than a batch of the reader; the convolution's activities are fewer than the features that are averaged to. */
    @Test
    void dependencesAndAlignmentsAreThoseOfTheActivities() {
        Dataset dataset = TinyRun.dataset(48, 70);
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer = trainer(device, dataset, gaussian(), RELU.withGrouping(GROUPS))) {
            trainer.trainEpoch(StepListener.NONE);
            LayerStatistics found = trainer.layerStatistics();
            Passed passed = Passed.of(device, trainer.network(), dataset);
            float[][] labels = oneHot(dataset, true);
            assertThat(found.images()).isEqualTo(70);
            for (int i = 0; i < 2; i++) {
                LayerStatistics.OfLayer layer = found.layers().get(i);
                float[][] u = passed.codes().get(i);
                for (Estimator estimator : Estimator.values()) {
                    boolean hsic = estimator == Estimator.HSIC;
                    double self = Dependence.of(device, u, GAUSSIAN, u, GAUSSIAN, estimator);
                    assertThat(hsic ? layer.hsicCodes() : layer.phsicCodes()).isCloseTo(self, within(INPUTS * self));
                    assertThat(hsic ? layer.hsicLabels() : layer.phsicLabels())
                            .isCloseTo(
                                    Dependence.of(device, labels, Kernel.LINEAR, u, GAUSSIAN, estimator),
                                    within(INPUTS));
                }
                float[][] sent = passed.sent().get(i);
                assertThat(layer.ckaLabels()).isCloseTo(cka(device, sent, labels), within(INPUTS));
                for (int j = 0; j < 2; j++) {
                    assertThat(found.cka().get(i).get(j))
                            .isCloseTo(cka(device, sent, passed.sent().get(j)), within(INPUTS));
                }
                assertThat(layer.weightNorm())
                        .isCloseTo(
                                norm(trainer.network()
                                        .parameters()
                                        .get(i)
                                        .value()
                                        .readFloats()),
                                within(INPUTS));
            }
        }
    }

    /** Under a rule that compares no codes, what is sent on is compared by cosines, also where there are groups. */
    @Test
    void withoutCodesActivitiesAreCompared() {
        Dataset dataset = TinyRun.dataset(16, 30);
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer = trainer(device, dataset, new BackpropRule(), RELU.withGrouping(GROUPS))) {
            LayerStatistics found = trainer.layerStatistics();
            Passed passed = Passed.of(device, trainer.network(), dataset);
            for (int i = 0; i < 2; i++) {
                float[][] sent = passed.sent().get(i);
                double self = Dependence.of(device, sent, Kernel.COSINE, sent, Kernel.COSINE, Estimator.HSIC);
                assertThat(found.layers().get(i).hsicCodes()).isCloseTo(self, within(INPUTS * self));
            }
        }
    }

    /** What is evaluated is looked at. */
    @Test
    void averagedWeightsAreLookedAt() {
        TrainingConfig config = TinyRun.config(TinyRun.phsic(), 1, 16, 0.1).withWeightAverage(0.9);
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer = new Trainer(device, TinyRun.dataset(48, 20), config)) {
            trainer.trainEpoch(StepListener.NONE);
            Network averaged = Objects.requireNonNull(trainer.averaged());
            double norm = norm(averaged.parameters().get(0).value().readFloats());
            assertThat(trainer.layerStatistics().layers().get(0).weightNorm()).isEqualTo(norm);
            assertThat(norm(trainer.network().parameters().get(0).value().readFloats()))
                    .isNotCloseTo(norm, within(INPUTS));
        }
    }

    private static double norm(float[] numbers) {
        double squares = 0;
        for (float number : numbers) {
            squares += (double) number * number;
        }
        return Math.sqrt(squares);
    }

    /** Of ReLU without biases a unit without weights is dead; divisive normalization does not hide it. */
    @Test
    void deadUnitsAreFoundAlsoWhereActivitiesAreDivided() {
        Dataset dataset = TinyRun.dataset(16, 12);
        for (LayerSpec style : List.of(RELU, RELU.withGrouping(GROUPS))) {
            try (Device device = Devices.open("reference", 1).device();
                    Trainer trainer = trainer(device, dataset, TinyRun.phsic(), style)) {
                Tensor convolution = trainer.network().parameters().get(0).value();
                float[] weights = convolution.readFloats();
                LayerStatistics before = trainer.layerStatistics();
                assertThat(before.layers().get(0).dead()).isZero();
                Arrays.fill(weights, 3 * 18, 5 * 18, 0); // channels 3 and 4, of 2 x 3 x 3 weights
                convolution.write(weights);
                LayerStatistics.OfLayer after =
                        trainer.layerStatistics().layers().get(0);
                assertThat(after.units()).isEqualTo(8);
                assertThat(after.dead()).isEqualTo(2);
                assertThat(after.silent()).isEqualTo(2);
            }
        }
    }

    /** A unit of leaky ReLU that is never above 0 still tells images apart; the activity's norm is that of what is sent. */
    @Test
    void silentUnitsOfLeakyReluAreNotDead() {
        Dataset dataset = TinyRun.dataset(16, 12);
        LayerSpec style = LayerSpec.linear(1).withActivation(Activation.LEAKY_RELU);
        NetworkSpec network = NetworkSpec.mlp(IMAGE, List.of(4), 4, style);
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer =
                        new Trainer(device, dataset, TinyRun.config(new BackpropRule(), network, 1, 8, 0.01))) {
            float[] weights = new float[4 * 128];
            weights[0] = 1; // a pixel between -1 and 1
            weights[128 + 1] = 1e-3f;
            Tensor value = trainer.network().parameters().get(0).value();
            value.write(weights);
            LayerStatistics.OfLayer layer = trainer.layerStatistics().layers().get(0);
            assertThat(layer.dead()).isEqualTo(2);
            assertThat(layer.silent()).isBetween(2, 3);
            Passed passed = Passed.of(device, trainer.network(), dataset);
            double norms = 0;
            for (float[] row : passed.sent().get(0)) {
                norms += norm(row) / 12;
            }
            assertThat(layer.activityNorm()).isCloseTo(norms, within(INPUTS * norms));
        }
    }

    /** A layer that says the same of all images has defined figures, and so has one whose codes are dead. */
    @Test
    void figuresOfADeadLayerAreDefined() {
        Dataset dataset = TinyRun.dataset(16, 12);
        for (Rule rule : List.of(TinyRun.phsic(), gaussian(), new BackpropRule())) {
            try (Device device = Devices.open("reference", 1).device();
                    Trainer trainer = trainer(device, dataset, rule, RELU.withGrouping(GROUPS))) {
                Tensor linear = trainer.network().parameters().get(1).value();
                linear.write(new float[(int) linear.shape().size()]);
                LayerStatistics found = trainer.layerStatistics();
                LayerStatistics.OfLayer layer = found.layers().get(1);
                assertThat(layer.dead()).isEqualTo(16).isEqualTo(layer.silent());
                assertThat(layer.ckaLabels()).isZero();
                assertThat(found.cka().get(1)).containsExactly(0.0, 0.0);
                assertThat(List.of(
                                layer.phsicCodes(),
                                layer.phsicLabels(),
                                layer.hsicCodes(),
                                layer.hsicLabels(),
                                layer.activityNorm(),
                                layer.weightNorm()))
                        .allSatisfy(number -> assertThat(number).isCloseTo(0, within(1e-12)));
                assertThat(trainer.probes(16).get(1)).isEqualTo(25); // the first class, of four
            }
        }
    }

    /** Corners are told apart from few images; of other counts than the batches of the reader, and with one image. */
    @Test
    void probesReadTheClass() {
        Dataset dataset = TinyRun.dataset(200, 130);
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer = trainer(device, dataset, TinyRun.phsic(), RELU.withGrouping(GROUPS))) {
            trainer.trainEpoch(StepListener.NONE);
            assertThat(trainer.probes(150))
                    .hasSize(2)
                    .allSatisfy(accuracy -> assertThat(accuracy).isGreaterThan(95));
            assertThat(trainer.probes(1000))
                    .hasSize(2)
                    .allSatisfy(accuracy -> assertThat(accuracy).isGreaterThan(95));
            assertThat(trainer.probes(1)).hasSize(2);
            assertThatThrownBy(() -> trainer.probes(0))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage("A probe needs at least 1 training image, but is to have 0.");
        }
    }
}
