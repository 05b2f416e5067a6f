package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.objective.HebbianPairs;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.objective.PairMemory;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Work;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.train.ClassWeights;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.LabelSpec;
import io.github.kib4j.train.LayerStatistics;
import io.github.kib4j.train.MemoryEstimate;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import io.github.kib4j.train.TrainingDivergedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a training run must do: every rule learns, two runs give the same bits, a loss that is not finite stops the run at once and
 * nothing of it is saved, memory is what was estimated, and none is left behind.
 */
public abstract class TrainingContract extends BackendContract {
    /** Of the smallest products: what libraries round up to. */
    private static final long SMALL_WORKSPACE = 1 << 20;

    @TempDir
    Path folder;

    private static List<float[]> weights(Trainer trainer) {
        return trainer.network().parameters().stream()
                .map(Parameter::value)
                .map(value -> value.readFloats())
                .toList();
    }

    private static void assertSame(List<float[]> actual, List<float[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.get(i)).isEqualTo(expected.get(i));
        }
    }

    /** Trains an epoch that no one stops. */
    private static EpochResult epoch(Trainer trainer) {
        return Objects.requireNonNull(trainer.trainEpoch(StepListener.NONE));
    }

    @Test
    void everyRuleLearns() {
        for (Rule rule : TinyRun.rules()) {
            try (Device device = open();
                    Trainer trainer =
                            new Trainer(device, TinyRun.dataset(203, 60), TinyRun.config(rule, 6, 25, 0.01))) {
                double before = trainer.evaluate().accuracy();
                EpochResult last;
                do {
                    last = epoch(trainer);
                } while (!trainer.isFinished());
                assertThat(last.images()).as("the last short batch is trained").isEqualTo(203);
                assertThat(last.localLosses()).hasSize(rule.hasLocalLosses() ? 2 : 0);
                assertThat(trainer.evaluate().accuracy())
                        .as(rule.name())
                        .isGreaterThan(Math.max(rule instanceof ReadoutRule ? 45 : 80, before));
            }
        }
    }

    /** Features are floats, normalized each by itself; what they were normalized by lies in the checkpoint. */
    @Test
    void featuresAreLearned() throws IOException {
        Dataset dataset = TinyRun.features(203, 60);
        for (Rule rule : List.of(TinyRun.phsic(), TinyRun.layerwise(Feedback.Kind.EXACT), new BackpropRule())) {
            TrainingConfig config = TinyRun.onFeatures(rule, 6, 25);
            try (Device device = open();
                    Trainer trainer = new Trainer(device, dataset, config)) {
                MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(dataset), config)
                        .orElseThrow();
                while (!trainer.isFinished()) {
                    epoch(trainer);
                }
                assertThat(trainer.evaluate().accuracy()).as(rule.name()).isGreaterThan(75);
                assertThat(device.liveBytes()).as(rule.name()).isEqualTo(estimate.onDevice());
                trainer.save(folder.resolve(rule.name()));
            }
            assertThat(Checkpoint.input(folder.resolve(rule.name())))
                    .contains(new Input(Shape.of(5, 1, 1), DataType.F32, dataset.mean(), dataset.deviation()));
        }
    }

    /** Balanced weights are those of a class's share, of classes that are as frequent none; and what is estimated is there. */
    @Test
    void classesWeighWhatTheyAreGiven() {
        Dataset all = TinyRun.features(64, 20);
        int[] uneven =
                IntStream.range(0, 64).filter(i -> i % 4 == 0 || i % 8 < 4).toArray(); // 16 of one, 8 of the others
        Dataset dataset = Dataset.standardized("uneven", all.train().select("uneven", uneven), all.test());
        List<Double> shares = List.of(40 / (4 * 16.0), 40 / (4 * 8.0), 40 / (4 * 8.0), 40 / (4 * 8.0));
        for (Rule rule : List.of(TinyRun.phsic(), new BackpropRule())) {
            TrainingConfig config = TinyRun.onFeatures(rule, 1, 16);
            List<float[]> balanced = weighted(dataset, config, ClassWeights.BALANCED);
            assertSame(weighted(dataset, config, ClassWeights.of(shares)), balanced);
            assertThat(weighted(dataset, config, ClassWeights.NONE).get(0))
                    .as(rule.name() + ": whether the readout reaches the first layer")
                    .satisfies(first -> assertThat(Arrays.equals(first, balanced.get(0)))
                            .isEqualTo(rule.name().equals("phsic")));
            assertSame(
                    weighted(all, config, ClassWeights.BALANCED),
                    weighted(all, config, ClassWeights.of(List.of(1.0, 1.0, 1.0, 1.0))));
        }
        TrainingConfig config = TinyRun.onFeatures(TinyRun.phsic(), 1, 16);
        assertThatThrownBy(() -> weighted(dataset, config, ClassWeights.of(List.of(1.0, 2.0))))
                .isInstanceOf(RefusedException.class)
                .hasMessage("There are 4 classes, but 2 weights of classes; give one for each.");
        Dataset without = Dataset.standardized(
                "without", all.train().select("without", new int[] {0, 1, 2, 4, 5, 6}), all.test());
        assertThatThrownBy(() -> weighted(without, config, ClassWeights.BALANCED))
                .isInstanceOf(RefusedException.class)
                .hasMessage("No training sample is of class 'd', so that balanced weights of classes cannot be found;"
                        + " give weights, or samples of it.");
    }

    private List<float[]> weighted(Dataset dataset, TrainingConfig config, ClassWeights classWeights) {
        TrainingConfig weighted = config.withLabels(new LabelSpec(0, 0, classWeights));
        try (Device device = open()) {
            MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(dataset), weighted)
                    .orElseThrow();
            try (Trainer trainer = new Trainer(device, dataset, weighted)) {
                epoch(trainer);
                trainer.evaluate();
                assertThat(device.liveBytes()).isEqualTo(estimate.onDevice());
                return weights(trainer);
            }
        }
    }

    /** By fixed weights that are the forward ones, and by signs of weights that are all 1 or -1, errors come back as by backprop. */
    @Test
    void otherFeedbackIsBackpropWhereTheWeightsAreTheSame() {
        for (Feedback.Kind kind : List.of(Feedback.Kind.RANDOM, Feedback.Kind.SIGNS)) {
            otherFeedbackIsBackpropWhereTheWeightsAreTheSame(kind, ReadoutSpec.LAST);
            otherFeedbackIsBackpropWhereTheWeightsAreTheSame(kind, new ReadoutSpec(16));
        }
    }

    private void otherFeedbackIsBackpropWhereTheWeightsAreTheSame(Feedback.Kind kind, ReadoutSpec readout) {
        List<List<float[]>> runs = new ArrayList<>();
        for (Rule rule : List.of(new BackpropRule(), new BackpropRule(kind, false))) {
            NetworkSpec network = TinyRun.config(rule, 1, 16, 0.01).network().withReadout(readout);
            try (Device device = open();
                    Trainer trainer =
                            new Trainer(device, TinyRun.dataset(32, 20), TinyRun.config(rule, network, 1, 16, 0.01))) {
                for (Parameter parameter : trainer.network().parameters()) {
                    float[] values = parameter.value().readFloats();
                    for (int i = 0; i < values.length && kind == Feedback.Kind.SIGNS; i++) {
                        values[i] = Math.signum(values[i]);
                    }
                    parameter.value().write(values);
                }
                trainer.network().renewRounded();
                trainer.rule()
                        .kept()
                        .forEach((name, fixed) -> fixed.write(trainer.network().parameters().stream()
                                .filter(parameter -> name.equals(parameter.name() + "_backward"))
                                .findFirst()
                                .orElseThrow()
                                .value()
                                .readFloats()));
                trainer.trainEpoch((epoch, step, steps) -> step < 1);
                runs.add(weights(trainer));
            }
        }
        for (int i = 0; i < runs.get(0).size(); i++) {
            assertThat(runs.get(1).get(i))
                    .as(kind + ", parameter " + i)
                    .isEqualTo(runs.get(0).get(i));
        }
    }

    /** Pair by pair the third factor is that of the whole batch at once: to a relative 1e-6 of its norm where codes are single. */
    @Test
    void thirdFactorsOfAllPairsAreTheGradient() {
        Kernel[] kernels = {Kernel.COSINE, Kernel.LINEAR, Kernel.gaussian(2)};
        for (Kernel kernel : kernels) {
            try (Device device = open();
                    Scope scope = device.newScope("test")) {
                Random random = new Random(5);
                Tensor u = scope.allocate(DataType.F32, Shape.of(24, 8));
                u.write(random.doubles(24 * 8, 0.5, 2).toArray());
                Tensor labels = scope.allocate(DataType.I32, Shape.of(24));
                labels.write(random.ints(24, 0, 4).toArray());
                Teaching teaching = new Teaching.Classes(labels, 4, Kernel.COSINE, true);
                List<Objective.Kind> kinds = List.of(
                        LocalObjective.of(new ObjectiveOps.Spec(Estimator.PHSIC, kernel, true, 2)),
                        new HebbianPairs(kernel, true, 2, new PairMemory.Batch()));
                List<double[]> factors = new ArrayList<>();
                for (Objective.Kind kind : kinds) {
                    Objective objective = kind.bind(new Objective.Place(
                            device,
                            scope,
                            0,
                            Shape.of(8),
                            null,
                            Precision.F32,
                            1,
                            TeachingSignals.classes(4, Kernel.COSINE, true)));
                    Workspace workspace = device.newWorkspace(scope);
                    Objective.Planned planned =
                            objective.plan(workspace, new Gradients(workspace), u, teaching, Exchange.NONE, null);
                    workspace.keep(planned.du());
                    device.compile(
                                    workspace,
                                    planned.operations().stream()
                                            .map(operation -> Step.main(Phase.OBJECTIVE, operation))
                                            .toList())
                            .run();
                    factors.add(planned.du().readDoubles());
                }
                double difference = 0;
                double norm = 0;
                for (int i = 0; i < factors.get(0).length; i++) {
                    difference += Math.pow(factors.get(1)[i] - factors.get(0)[i], 2);
                    norm += Math.pow(factors.get(0)[i], 2);
                }
                assertThat(Math.sqrt(difference / norm)).as(kernel.toString()).isLessThan(1e-6);
            }
        }
    }

    /** Of batches of one every image is a step, and of others the last one too. */
    @Test
    void rulesThatLearnFromOneSampleLeaveNoneOut() {
        Rule online = TinyRun.pairs(new PairMemory.Averages(0.05));
        LayerSpec style = LayerSpec.linear(1).withGrouping(new Grouping(4, 0.8, 1, 0.2));
        NetworkSpec network = NetworkSpec.mlp(Shape.of(2, 8, 8), List.of(16), 4, style);
        for (int batch : new int[] {1, 16}) {
            try (Device device = open();
                    Trainer trainer = new Trainer(
                            device, TinyRun.dataset(17, 8), TinyRun.config(online, network, 1, batch, 0.01))) {
                assertThat(epoch(trainer).images()).isEqualTo(17);
                assertThat(trainer.step()).isEqualTo(batch == 1 ? 17 : 2).isEqualTo(trainer.stepsPerEpoch());
                assertThat(trainer.evaluate().images()).isEqualTo(8);
            }
        }
        assertThatThrownBy(() -> TinyRun.config(TinyRun.phsic(), network, 1, 1, 0.01))
                .isInstanceOf(RefusedException.class)
                .hasMessage("The batch must have at least 2 samples, since objectives compare samples, but has 1.");
    }

    /** Backprop's gradient points where itself does, others elsewhere; to have asked changes nothing, and a restored run says the same. */
    @Test
    void gradientsAreComparedWithBackprops() throws IOException {
        for (Rule rule : TinyRun.rules()) {
            List<List<float[]>> runs = new ArrayList<>();
            for (boolean asked : new boolean[] {false, true}) {
                try (Device device = open();
                        Trainer trainer =
                                new Trainer(device, TinyRun.dataset(64, 20), TinyRun.config(rule, 2, 16, 0.01))) {
                    assertThatThrownBy(trainer::alignment).isInstanceOf(IllegalStateException.class);
                    epoch(trainer);
                    if (asked) {
                        List<Double> angles = trainer.alignment();
                        checkAngles(rule, angles);
                        Path saved =
                                folder.resolve(String.valueOf(TinyRun.rules().indexOf(rule)));
                        trainer.save(saved);
                        try (Trainer restored =
                                new Trainer(device, TinyRun.dataset(64, 20), TinyRun.config(rule, 2, 16, 0.01))) {
                            restored.restore(saved);
                            assertThat(restored.alignment()).as(rule.name()).isEqualTo(angles);
                        }
                    }
                    epoch(trainer);
                    runs.add(weights(trainer));
                }
            }
            for (int i = 0; i < runs.get(0).size(); i++) {
                assertThat(runs.get(1).get(i))
                        .as(rule.name())
                        .isEqualTo(runs.get(0).get(i));
            }
        }
    }

    /** Layers' figures and probes are of the network that there is, in both precisions, and to have asked changes nothing. */
    @Test
    void lookingAtLayersChangesNothing() throws IOException {
        for (Precision precision : Precision.values()) {
            for (Rule rule : List.of(TinyRun.phsic(), new BackpropRule())) {
                TrainingConfig config = TinyRun.config(rule, precision);
                List<List<float[]>> runs = new ArrayList<>();
                for (boolean asked : new boolean[] {false, true}) {
                    Path saved = folder.resolve(precision + rule.name() + asked);
                    try (Device device = open();
                            Trainer trainer = new Trainer(device, TinyRun.dataset(64, 20), config)) {
                        trainer.trainEpoch((epoch, step, steps) -> step < 2);
                        look(trainer, asked);
                        epoch(trainer);
                        look(trainer, asked);
                        trainer.save(saved);
                    }
                    try (Device device = open();
                            Trainer trainer = new Trainer(device, TinyRun.dataset(64, 20), config)) {
                        trainer.restore(saved);
                        look(trainer, asked);
                        epoch(trainer);
                        runs.add(weights(trainer));
                    }
                }
                assertSame(runs.get(1), runs.get(0));
            }
        }
    }

    private static void look(Trainer trainer, boolean asked) {
        if (asked) {
            Evaluation before = trainer.evaluate();
            LayerStatistics found = trainer.layerStatistics();
            assertThat(found.images()).isEqualTo(20);
            assertThat(found.cka()).hasSize(2);
            for (int i = 0; i < 2; i++) {
                assertThat(found.cka().get(i).get(i)).isCloseTo(1, within(1e-9));
                assertThat(found.layers().get(i).hsicLabels()).isGreaterThan(0);
            }
            assertThat(trainer.probes(40))
                    .hasSize(2)
                    .allSatisfy(accuracy -> assertThat(accuracy).isBetween(25.0, 100.0));
            assertThat(trainer.evaluate()).isEqualTo(before);
        }
    }

    private static void checkAngles(Rule rule, List<Double> angles) {
        assertThat(angles).as(rule.name()).hasSize(rule instanceof ReadoutRule ? 0 : 2);
        for (int i = 0; i < angles.size(); i++) {
            boolean exact = rule.equals(new BackpropRule());
            assertThat(angles.get(i))
                    .as(rule.name() + ", layer " + i)
                    .isBetween(exact ? 0.0 : 0.5, exact ? 1e-3 : 179.5);
        }
    }

    /** Images of 28, 14, 7 and 3 rows and columns are pooled: of an odd number the last is left out. */
    @Test
    void imagesOfOddSizesArePooled() {
        Shape image = Shape.of(1, 28, 28);
        LayerSpec style = LayerSpec.linear(1)
                .withActivation(Activation.RELU)
                .withBatchNorm(true)
                .withGrouping(new Grouping(4, 0.8, 1, 0.2));
        NetworkSpec network = NetworkSpec.vgg(image, new int[] {8, 8, 8, 16}, Set.of(0, 1, 2, 3), 16, 4, style);
        assertThat(network.shapes().get(4)).isEqualTo(Shape.of(16, 1, 1));
        for (Rule rule : List.of(TinyRun.phsic(), new BackpropRule())) {
            try (Device device = open();
                    Trainer trainer = new Trainer(
                            device, TinyRun.dataset(image, 101, 40), TinyRun.config(rule, network, 8, 20, 0.01))) {
                while (!trainer.isFinished()) {
                    trainer.trainEpoch(StepListener.NONE);
                }
                assertThat(trainer.evaluate().accuracy()).as(rule.name()).isGreaterThan(60);
            }
        }
        assertThatThrownBy(() -> NetworkSpec.vgg(image, new int[] {8, 8, 8, 8, 8}, Set.of(0, 1, 2, 3, 4), 16, 4, style))
                .hasMessage("Hidden layer 5 pools 2x2 windows, but its image has only 1x1 positions left; "
                        + "pool after fewer convolutions.");
    }

    @Test
    void twoRunsGiveTheSameBits() {
        List<List<float[]>> runs = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (Device device = open();
                    Trainer trainer = new Trainer(
                            device, TinyRun.dataset(101, 20), TinyRun.config(TinyRun.phsic(), 2, 16, 0.01))) {
                trainer.trainEpoch(StepListener.NONE);
                trainer.trainEpoch(StepListener.NONE);
                runs.add(weights(trainer));
            }
        }
        assertSame(runs.get(1), runs.get(0));
    }

    /** One-hot target vectors, and the similarity of labels given pair by pair, teach as the labels themselves do. */
    @Test
    void targetsAndSimilaritiesTeachAsLabels() {
        Dataset dataset = TinyRun.dataset(100, 20);
        int[] labels = dataset.train().labels();
        TeachingSignal targets = TeachingSignals.targets(4, i -> oneHot(labels[i]), Kernel.COSINE, true);
        TeachingSignal similarity = TeachingSignals.similarity((i, j) -> labels[i] == labels[j] ? 1 : -1.0 / 3);
        LocalRule byLabels = (LocalRule) TinyRun.phsic();
        List<float[]> expected = trained(dataset, byLabels);
        for (TeachingSignal signal : List.of(targets, similarity)) {
            List<float[]> actual = trained(dataset, new LocalRule("phsic", byLabels.objective(), signal));
            for (int i = 0; i < expected.size(); i++) {
                assertThat(actual.get(i)).usingComparatorWithPrecision(2e-4f).containsExactly(expected.get(i));
            }
        }
    }

    private static double[] oneHot(int label) {
        double[] target = new double[4];
        target[label] = 1;
        return target;
    }

    private List<float[]> trained(Dataset dataset, Rule rule) {
        TrainingConfig tiny = TinyRun.config(rule, 1, 20, 0);
        OptimizerSpec sgd = OptimizerSpec.sgd(0.1, 0.9, 0);
        TrainingConfig config = new TrainingConfig(
                tiny.network(), rule, sgd, sgd, tiny.schedule(), 1, tiny.batch(), tiny.precision(), tiny.seed(), true);
        try (Device device = open();
                Trainer trainer = new Trainer(device, dataset, config)) {
            trainer.trainEpoch(StepListener.NONE);
            return weights(trainer);
        }
    }

    @Test
    void aLastBatchOfOneSampleIsSkipped() {
        try (Device device = open();
                Trainer trainer =
                        new Trainer(device, TinyRun.dataset(33, 1), TinyRun.config(TinyRun.phsic(), 1, 16, 0.01))) {
            assertThat(trainer.stepsPerEpoch()).isEqualTo(2);
            assertThat(epoch(trainer).images()).isEqualTo(32);
            assertThat(trainer.evaluate().images()).isEqualTo(1);
        }
    }

    /** Batches of 16 and 6 images: what each logit says adds up to the loss and the accuracy. */
    @Test
    void predictionsAreThoseThatTheEvaluationCounts() {
        Dataset dataset = TinyRun.dataset(48, 38);
        try (Device device = open();
                Trainer trainer = new Trainer(device, dataset, TinyRun.config(TinyRun.phsic(), 2, 16, 0.01))) {
            trainer.trainEpoch(StepListener.NONE);
            List<Integer> labels = new ArrayList<>();
            double[] sums = new double[2];
            Evaluation predicted = trainer.predict((first, batch, logits) -> {
                assertThat(first).isEqualTo(labels.size());
                for (int b = 0; b < batch.length; b++) {
                    labels.add(batch[b]);
                    add(sums, Arrays.copyOfRange(logits, 4 * b, 4 * b + 4), batch[b]);
                }
            });
            assertThat(labels)
                    .isEqualTo(Arrays.stream(dataset.test().labels()).boxed().toList());
            assertThat(predicted.accuracy()).isEqualTo(100 * sums[1] / 38);
            assertThat(predicted.loss()).as("logits in single precision").isCloseTo(sums[0] / 38, within(1e-5));
            assertThat(predicted).isEqualTo(trainer.evaluate());
            assertThat(trainer.evaluate((done, images) -> done < 32))
                    .as("stopped")
                    .isNull();
            assertThat(trainer.evaluate((done, images) -> images == 38)).isEqualTo(predicted);
        }
    }

    /** Adds cross-entropy, and whether the first of the largest logits is the label. */
    private static void add(double[] sums, float[] logits, int label) {
        double sum = 0;
        int largest = 0;
        for (int m = 0; m < logits.length; m++) {
            sum += Math.exp(logits[m]);
            largest = logits[m] > logits[largest] ? m : largest;
        }
        sums[0] += Math.log(sum) - logits[label];
        sums[1] += largest == label ? 1 : 0;
    }

    @Test
    void divergenceStopsAndWritesNothing() throws IOException {
        TrainingConfig good = TinyRun.config(TinyRun.phsic(), 3, 16, 0.01);
        try (Device device = open();
                Trainer trainer = new Trainer(device, TinyRun.dataset(64, 16), good)) {
            trainer.trainEpoch(StepListener.NONE);
            trainer.save(folder);
            trainer.network().parameters().get(0).value().write(nan(trainer));
            trainer.network().renewRounded();
            assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE))
                    .isInstanceOf(TrainingDivergedException.class)
                    .hasMessageContaining("hidden layer 1")
                    .hasMessageContaining("step 5")
                    .hasMessageContaining("lower the learning rate.");
            assertThatThrownBy(() -> trainer.save(folder)).isInstanceOf(TrainingDivergedException.class);
        }
        try (Device device = open();
                Trainer trainer = new Trainer(device, TinyRun.dataset(64, 16), good)) {
            trainer.restore(folder);
            assertThat(trainer.epoch()).isEqualTo(1);
        }
    }

    /** A gradient that turns bad in step k ruins the layer's weights, and the loss of step k + 1 tells. */
    @ParameterizedTest
    @CsvSource({
        "1, 0, NaN",
        "1, 1, NaN",
        "1, 2, NaN",
        "3, 1, Infinity",
        "4, 0, NaN",
        "6, 0, -Infinity",
        "7, 2, Infinity"
    })
    void trainingStopsAtTheStepOfTheFirstBadLoss(int badStep, int layer, double value) throws IOException {
        GradientFault fault = new GradientFault(badStep, layer, value);
        TrainingConfig config = TinyRun.config(TinyRun.phsic(), 3, 16, 0.01);
        try (Device device = open();
                Trainer trainer = new Trainer(device, TinyRun.dataset(64, 16), config, fault)) {
            AtomicInteger heard = new AtomicInteger();
            assertThatThrownBy(() -> {
                        while (true) {
                            trainer.trainEpoch((epoch, step, all) -> heard.incrementAndGet() > 0);
                        }
                    })
                    .isInstanceOf(TrainingDivergedException.class)
                    .hasMessageContaining(layer == 2 ? "of the readout" : "hidden layer " + (layer + 1))
                    .hasMessageContaining("training step " + (badStep + 1) + ",");
            if (device.isSynchronous()) {
                assertThat(trainer.step()).as("not one step more").isEqualTo(badStep + 1);
                assertThat(heard.get()).isEqualTo(badStep);
            } else {
                assertThat(trainer.step()).as("the host looks now and then").isGreaterThan(badStep);
            }
            assertThatThrownBy(() -> trainer.save(folder)).isInstanceOf(TrainingDivergedException.class);
        }
        assertThat(folder).isEmptyDirectory();
    }

    /** What no loss has seen yet is not saved either. */
    @Test
    void ruinedWeightsAreNotSaved() throws IOException {
        GradientFault fault = new GradientFault(4, 1, Double.NaN);
        try (Device device = open();
                Trainer trainer = new Trainer(
                        device, TinyRun.dataset(64, 16), TinyRun.config(TinyRun.phsic(), 1, 16, 0.01), fault)) {
            assertThat(trainer.trainEpoch(StepListener.NONE)).isNotNull();
            assertThatThrownBy(() -> trainer.save(folder))
                    .isInstanceOf(TrainingDivergedException.class)
                    .hasMessageContaining("after training step 4");
            assertThatThrownBy(trainer::evaluate)
                    .isInstanceOf(TrainingDivergedException.class)
                    .hasMessageContaining("test images");
        }
        assertThat(folder).isEmptyDirectory();
    }

    /** Makes a layer's gradients bad in one step; layers are asked for their plan in order, the readout last. */
    private static final class GradientFault implements Exchange {
        private final int step;
        private final int layer;
        private final double value;
        private int planned;

        GradientFault(int step, int layer, double value) {
            this.step = step;
            this.layer = layer;
            this.value = value;
        }

        @Override
        public int rank() {
            return 0;
        }

        @Override
        public int size() {
            return 1;
        }

        @Override
        public Optional<Operation> mean(List<Tensor> gradients) {
            return sum(gradients);
        }

        @Override
        public Optional<Operation> sum(List<Tensor> gradients) {
            int own = planned++;
            int[] runs = new int[1];
            return Optional.of(new Operation("fault", gradients, gradients, Work.of(() -> {
                if (++runs[0] == step && own == layer) {
                    double[] bad =
                            new double[Math.toIntExact(gradients.get(0).shape().size())];
                    java.util.Arrays.fill(bad, value);
                    gradients.get(0).write(bad);
                }
            })));
        }
    }

    private static float[] nan(Trainer trainer) {
        float[] values = trainer.network().parameters().get(0).value().readFloats();
        java.util.Arrays.fill(values, Float.NaN);
        return values;
    }

    /** What the estimate counts is what training and evaluation allocate, to the byte. */
    @Test
    void theMemoryEstimateIsExact() {
        for (Rule rule : TinyRun.rules()) {
            Dataset dataset = TinyRun.dataset(71, 37);
            TrainingConfig config = TinyRun.config(rule, 1, 16, 0.01);
            try (Device device = open()) {
                MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(dataset), config)
                        .orElseThrow();
                assertThat(device.liveBytes()).as("held by planning").isZero();
                try (Trainer trainer = new Trainer(device, dataset, config)) {
                    trainer.trainEpoch(StepListener.NONE);
                    trainer.evaluate();
                    assertThat(device.liveBytes()).as(rule.name()).isEqualTo(estimate.onDevice());
                }
            }
        }
    }

    /** An image's views are samples: an epoch has them all, and what is planned is what is there. */
    @Test
    void viewsAreSamplesOfABatch() {
        List<Rule> rules = new ArrayList<>(TinyRun.withoutLabels());
        rules.add(TinyRun.phsic());
        rules.add(new BackpropRule());
        for (Rule rule : rules) {
            Dataset dataset = TinyRun.dataset(203, 60);
            TrainingConfig config = TinyRun.config(rule, 6, 24, 0.01).withViews(2);
            try (Device device = open()) {
                MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(dataset), config)
                        .orElseThrow();
                try (Trainer trainer = new Trainer(device, dataset, config)) {
                    EpochResult last;
                    do {
                        last = epoch(trainer);
                    } while (!trainer.isFinished());
                    assertThat(last.images()).isEqualTo(406);
                    assertThat(trainer.stepsPerEpoch()).isEqualTo(17);
                    assertThat(trainer.step()).isEqualTo(6 * 17);
                    assertThat(trainer.evaluate().accuracy())
                            .as(rule.toString())
                            .isGreaterThan(45);
                    assertThat(device.liveBytes()).as(rule.toString()).isEqualTo(estimate.onDevice());
                }
            }
        }
        assertThatThrownBy(() -> TinyRun.config(TinyRun.phsic(), 1, 25, 0.01).withViews(2))
                .isInstanceOf(RefusedException.class)
                .hasMessage("A batch holds all 2 views of an image, so that it must be a multiple of 2, but is 25.");
        Rule views = TinyRun.withoutLabels().get(1);
        try (Device device = open()) {
            TrainingConfig one = TinyRun.config(views, 1, 24, 0.01);
            assertThatThrownBy(() -> new Trainer(device, TinyRun.dataset(203, 60), one))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage("Views of one image teach from 2 of them in a batch on, but there is 1;"
                            + " train with more views.");
        }
    }

    /** Where images stay where they are, an epoch of one image's views is one of as many equal images. */
    @Test
    void viewsThatAreNotMovedAreTheImage() {
        Dataset once = TinyRun.dataset(32, 20);
        TrainingConfig tiny = TinyRun.config(new BackpropRule(), 1, 32, 0.01);
        List<List<float[]>> runs = new ArrayList<>();
        for (int views : new int[] {1, 2}) {
            LayerSpec style = LayerSpec.linear(1);
            TrainingConfig config = new TrainingConfig(
                            NetworkSpec.mlp(Shape.of(2, 8, 8), List.of(16), 4, style),
                            tiny.rule(),
                            OptimizerSpec.sgd(0.1, 0, 0),
                            OptimizerSpec.sgd(0.1, 0, 0),
                            tiny.schedule(),
                            1,
                            32 * views,
                            tiny.precision(),
                            7,
                            false)
                    .withViews(views);
            try (Device device = open();
                    Trainer trainer = new Trainer(device, once, config)) {
                epoch(trainer);
                runs.add(weights(trainer));
            }
        }
        for (int i = 0; i < runs.get(0).size(); i++) {
            assertThat(runs.get(1).get(i))
                    .as("sums in another order, in single precision")
                    .usingComparatorWithPrecision(1e-6f)
                    .containsExactly(runs.get(0).get(i));
        }
    }

    /** A readout of all layers learns under every rule, with the parameters and in the memory that were foreseen. */
    @Test
    void everyRuleLearnsWithAReadoutOfAllLayers() {
        for (Rule rule : TinyRun.rules()) {
            Dataset dataset = TinyRun.dataset(203, 60);
            NetworkSpec network = TinyRun.config(rule, 6, 25, 0.01).network().withReadout(new ReadoutSpec(16));
            TrainingConfig config = TinyRun.config(rule, network, 6, 25, 0.01);
            try (Device device = open()) {
                MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(dataset), config)
                        .orElseThrow();
                try (Trainer trainer = new Trainer(device, dataset, config)) {
                    List<Parameter> parameters = trainer.network().parameters();
                    assertThat(parameters.stream()
                                    .mapToLong(parameter ->
                                            parameter.value().shape().size())
                                    .sum())
                            .isEqualTo(network.parameters());
                    assertThat(trainer.network().readout().parameters())
                            .extracting(Parameter::name)
                            .containsExactly(
                                    "softmax_layers.0.weight", "softmax_layers.1.weight", "softmax_layers.1.bias");
                    while (!trainer.isFinished()) {
                        trainer.trainEpoch(StepListener.NONE);
                    }
                    assertThat(trainer.evaluate().accuracy()).as(rule.name()).isGreaterThan(80);
                    assertThat(device.liveBytes()).as(rule.name()).isEqualTo(estimate.onDevice());
                    if (!(rule instanceof ReadoutRule)) {
                        checkAngles(rule, trainer.alignment());
                    }
                }
            }
        }
    }

    /** By smoothed labels and mixed images every rule learns, in the memory that was estimated. */
    @Test
    void everyRuleLearnsByMixedAndSmoothedLabels() {
        for (Rule rule : TinyRun.rules()) {
            Dataset dataset = TinyRun.dataset(203, 60);
            TrainingConfig config = TinyRun.config(rule, 6, 25, 0.01).withLabels(new LabelSpec(0.1, 0.2));
            try (Device device = open()) {
                MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(dataset), config)
                        .orElseThrow();
                try (Trainer trainer = new Trainer(device, dataset, config)) {
                    while (!trainer.isFinished()) {
                        trainer.trainEpoch(StepListener.NONE);
                    }
                    assertThat(trainer.evaluate().accuracy())
                            .as(rule.name())
                            .isGreaterThan(rule instanceof ReadoutRule ? 45 : 80);
                    assertThat(device.liveBytes()).as(rule.name()).isEqualTo(estimate.onDevice());
                    if (!(rule instanceof ReadoutRule)) {
                        checkAngles(rule, trainer.alignment());
                    }
                }
            }
        }
    }

    /** What smoothing adds to the loss of a step is known from that of plain labels where all logits are equal. */
    @Test
    void evaluationComparesWithLabelsAsTheyAre() {
        for (double smoothing : new double[] {0, 0.25}) {
            TrainingConfig config = TinyRun.config(new ReadoutRule(), 1, 16, 0).withLabels(new LabelSpec(smoothing, 0));
            try (Device device = open();
                    Trainer trainer = new Trainer(device, TinyRun.dataset(16, 16), config)) {
                List<Parameter> readout = trainer.network().readout().parameters();
                readout.get(0)
                        .value()
                        .write(new float[(int) readout.get(0).value().shape().size()]);
                readout.get(1).value().write(new float[] {2, 0, 0, 0});
                trainer.network().renewRounded();
                double lost = Math.log(Math.exp(2) + 3);
                double right = 16.0 / 4; // images of a class
                double plain = (16 * lost - 2 * right) / 16;
                double smoothed = lost - 2 * ((1 - smoothing) * right / 16 + smoothing / 4);
                assertThat(epoch(trainer).readoutLoss()).isCloseTo(smoothed, within(1e-6));
                assertThat(trainer.evaluate().loss()).isCloseTo(plain, within(1e-6));
            }
        }
    }

    @Test
    void mixupNeedsClassesAndBatches() {
        LabelSpec mixed = new LabelSpec(0, 0.2);
        TeachingSignal similarity = TeachingSignals.similarity((i, j) -> 1);
        Rule rule = new LocalRule("phsic", ((LocalRule) TinyRun.phsic()).objective(), similarity);
        try (Device device = open();
                Trainer trainer = new Trainer(
                        device,
                        TinyRun.dataset(32, 16),
                        TinyRun.config(rule, 1, 16, 0.01).withLabels(mixed))) {
            assertThatThrownBy(trainer::compile)
                    .isInstanceOf(RefusedException.class)
                    .hasMessage(
                            "Mixup mixes class labels, and hidden layers are taught by another signal; teach them by"
                                    + " class labels, or leave images unmixed.");
        }
        TrainingConfig online = TinyRun.config(TinyRun.pairs(new PairMemory.Averages(0.05)), 1, 1, 0.01);
        assertThatThrownBy(() -> online.withLabels(mixed))
                .isInstanceOf(RefusedException.class)
                .hasMessage("Mixup mixes the images of a batch, which must have at least 2, but has 1; take a larger"
                        + " batch, or no mixup.");
    }

    /** A data set that is closed before a run on it is not read as what then lies in its memory. */
    @Test
    void aRunDoesNotReadAClosedDataSet() {
        try (Device device = open();
                DeviceDataset dataset = DeviceDataset.upload(device, TinyRun.dataset(64, 16));
                Trainer trainer = new Trainer(device, dataset, TinyRun.config(TinyRun.phsic(), 3, 16, 0.01))) {
            trainer.trainEpoch(StepListener.NONE);
            trainer.evaluate();
            dataset.close();
            assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(trainer::evaluate).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void nothingIsLeftBehindAndUseAfterCloseIsAnError() {
        Device device = open();
        Trainer trainer = new Trainer(device, TinyRun.dataset(64, 16), TinyRun.config(TinyRun.phsic(), 1, 16, 0.01));
        trainer.trainEpoch(StepListener.NONE);
        long live = device.liveBytes();
        trainer.evaluate();
        assertThat(live).isPositive();
        assertThatThrownBy(device::close).as("tensors live").isInstanceOf(IllegalStateException.class);
        trainer.close();
        assertThatThrownBy(() -> weights(trainer)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(trainer::evaluate).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> trainer.save(folder)).isInstanceOf(IllegalStateException.class);
        assertThat(folder).isEmptyDirectory();
        device.close();
        assertThat(device.liveBytes()).isZero();
    }
}
