package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.Network;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.optimizer.Optimizer;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.MemoryEstimate;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.StepLosses;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What any rule can be trained and evaluated with besides: averaged weights, test images that are mirrored too, and orthogonalised
 * momentum.
 */
public abstract class OptionsContract extends BackendContract {
    private static final double DECAY = 0.9;

    @TempDir
    Path folder;

    private static Map<String, double[]> read(Network network) {
        Map<String, double[]> values = new LinkedHashMap<>();
        network.tensors().forEach((name, tensor) -> values.put(name, tensor.readDoubles()));
        return values;
    }

    private static Network averaged(Trainer trainer) {
        return Objects.requireNonNull(trainer.averaged());
    }

    /**
     * Step for step the average is the mean of all steps' weights and running statistics, of which a step is worth 0.9 of the next
     * one; the weights learn as if there were none. Single precision rounds each of the 8 steps.
     */
    @Test
    void theAverageIsTheMeanOfAllSteps() {
        for (Rule rule : List.of(TinyRun.phsic(), new BackpropRule())) {
            TrainingConfig plain = TinyRun.config(rule, Precision.F32);
            Map<String, double[]> alone;
            try (Device device = open();
                    Trainer trainer = new Trainer(device, TinyRun.dataset(53, 20), plain)) {
                while (!trainer.isFinished()) {
                    trainer.trainEpoch(StepListener.NONE);
                }
                alone = read(trainer.network());
            }
            try (Device device = open();
                    Trainer trainer = new Trainer(device, TinyRun.dataset(53, 20), plain.withWeightAverage(DECAY))) {
                assertThat(read(averaged(trainer)))
                        .as("before the first step")
                        .usingRecursiveComparison()
                        .isEqualTo(read(trainer.network()));
                Map<String, double[]> sums = new LinkedHashMap<>();
                double weight = 0;
                while (!trainer.isFinished()) {
                    trainer.trainEpoch((epoch, step, steps) -> false);
                    weight = DECAY * weight + 1;
                    read(trainer.network())
                            .forEach((name, values) -> sums.merge(name, values, OptionsContract::addAged));
                    check(read(averaged(trainer)), sums, weight, rule.name() + ", step " + trainer.step());
                }
                assertThat(read(trainer.network())).usingRecursiveComparison().isEqualTo(alone);
            }
        }
    }

    private static double[] addAged(double[] sum, double[] values) {
        double[] next = new double[sum.length];
        for (int i = 0; i < sum.length; i++) {
            next[i] = DECAY * sum[i] + values[i];
        }
        return next;
    }

    private static void check(Map<String, double[]> actual, Map<String, double[]> sums, double weight, String what) {
        assertThat(actual.keySet()).isEqualTo(sums.keySet());
        actual.forEach((name, values) -> {
            double[] sum = Objects.requireNonNull(sums.get(name));
            for (int i = 0; i < values.length; i++) {
                double expected = sum[i] / weight;
                assertThat(values[i])
                        .as("%s: %s[%d]", what, name, i)
                        .isCloseTo(expected, within(4e-6 * Math.max(1, Math.abs(expected))));
            }
        });
    }

    /** What is evaluated is what a network is that has the average for weights; beside it stands the one that learns. */
    @Test
    void theAverageIsEvaluated() throws IOException {
        Dataset dataset = TinyRun.dataset(53, 20);
        for (Precision precision : Precision.values()) {
            TrainingConfig plain = TinyRun.config(TinyRun.phsic(), precision);
            Path checkpoints = folder.resolve(precision.name());
            Evaluation both;
            try (Device device = open();
                    Trainer trainer = new Trainer(device, dataset, plain.withWeightAverage(DECAY))) {
                trainer.trainEpoch(StepListener.NONE);
                both = trainer.evaluate();
                trainer.save(checkpoints);
                assertThat(trainer.evaluate()).isEqualTo(both);
            }
            Evaluation current = Objects.requireNonNull(both.current());
            assertThat(current.loss()).isNotEqualTo(both.loss());
            Path saved = checkpoints.resolve("step-4");
            assertThat(evaluation(dataset, plain, saved.resolve("weights.safetensors")))
                    .isEqualTo(current);
            Evaluation average = evaluation(dataset, plain, saved.resolve("averaged.safetensors"));
            assertThat(average).isEqualTo(new Evaluation(both.images(), both.loss(), both.accuracy()));
            try (Device device = open();
                    Trainer other = new Trainer(device, dataset, plain.withWeightAverage(DECAY));
                    Trainer without = new Trainer(device, dataset, plain)) {
                other.readWeights(checkpoints);
                assertThat(other.evaluate()).isEqualTo(both);
                Checkpoint.readWeights(
                        checkpoints, without.network(), dataset.train().classNames());
                assertThat(without.evaluate()).as("of who reads one network").isEqualTo(average);
            }
        }
    }

    private Evaluation evaluation(Dataset dataset, TrainingConfig config, Path weights) throws IOException {
        try (Device device = open();
                Trainer trainer = new Trainer(device, dataset, config)) {
            trainer.begin(weights);
            return trainer.evaluate();
        }
    }

    /** The mean of the logits of an image and its mirror image says the class, and only beside what the image's own say. */
    @Test
    void mirrorImagesAreReadTooAndSaidApart() {
        Dataset dataset = TinyRun.dataset(53, 37);
        for (Precision precision : Precision.values()) {
            TrainingConfig plain = TinyRun.config(new BackpropRule(), precision);
            List<float[]> logits = new ArrayList<>();
            Evaluation alone = predicted(dataset, plain, logits);
            assertThat(alone.accuracyWithFlips()).isNull();
            Dataset mirrored = new Dataset(
                    dataset.name(),
                    dataset.train(),
                    mirror(dataset.test()),
                    dataset.mean(),
                    dataset.deviation(),
                    dataset.padding(),
                    dataset.flip());
            predicted(mirrored, plain, logits);
            int half = logits.size() / 2;
            int right = 0;
            int first = 0;
            for (int b = 0; b < half; b++) {
                int classes = dataset.test().classes();
                for (int i = 0; i < logits.get(b).length / classes; i++) {
                    int best = 0;
                    for (int m = 1; m < classes; m++) {
                        float mean = logits.get(b)[i * classes + m] + logits.get(half + b)[i * classes + m];
                        float most = logits.get(b)[i * classes + best] + logits.get(half + b)[i * classes + best];
                        best = mean > most ? m : best;
                    }
                    right += best == dataset.test().labels()[first++] ? 1 : 0;
                }
            }
            List<float[]> again = new ArrayList<>();
            Evaluation both = predicted(dataset, plain.withTestFlips(true), again);
            assertThat(both).isEqualTo(new Evaluation(37, alone.loss(), alone.accuracy(), 100.0 * right / 37, null));
            assertThat(again).usingRecursiveComparison().isEqualTo(logits.subList(0, half));
        }
    }

    /** Corners are told by weights that have seen a few images: some are wrong, and other ones mirrored. */
    private Evaluation predicted(Dataset dataset, TrainingConfig config, List<float[]> logits) {
        try (Device device = open();
                Trainer trainer = new Trainer(device, dataset, config)) {
            trainer.trainEpoch((epoch, step, steps) -> step < 3);
            return trainer.predict((first, labels, said) -> logits.add(said));
        }
    }

    private static ImageSet mirror(ImageSet images) {
        int width = images.image().extent(2);
        byte[] pixels = new byte[images.pixels().size()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i / width * width + width - 1 - i % width] = images.pixels().bytes()[i];
        }
        return new ImageSet("mirrored", images.image(), pixels, images.labels(), images.classNames());
    }

    /** Weighted by their samples, losses that are told on the way add up to the epoch's; who hears of them changes nothing. */
    @Test
    void lossesAreToldOnTheWay() {
        Dataset dataset = TinyRun.dataset(53, 20);
        for (Rule rule : List.of(TinyRun.phsic(), new BackpropRule())) {
            List<StepLosses> told = new ArrayList<>();
            try (Device device = open();
                    Trainer trainer = new Trainer(device, dataset, TinyRun.config(rule, 2, 8, 0.01));
                    Trainer alone = new Trainer(device, dataset, TinyRun.config(rule, 2, 8, 0.01))) {
                EpochResult epoch = Objects.requireNonNull(trainer.trainEpoch(everyThird(told)));
                assertThat(told).extracting(StepLosses::step).containsExactly(3, 6);
                assertThat(told).extracting(StepLosses::samples).containsExactly(24, 24);
                assertThat(told).extracting(StepLosses::epoch).containsOnly(1);
                assertThat(told.get(0).localLosses()).hasSize(rule.hasLocalLosses() ? 2 : 0);
                alone.trainEpoch((number, step, steps) -> step < 6);
                alone.trainEpoch(StepListener.NONE);
                assertThat(read(trainer.network())).usingRecursiveComparison().isEqualTo(read(alone.network()));
                // The last step of 5 samples is not told: 48 samples' part of the means, and what 5 can add at most.
                double readout =
                        told.stream().mapToDouble(StepLosses::readoutLoss).sum() * 24;
                assertThat(epoch.readoutLoss() * 53).isBetween(readout, readout + 5 * 20.0);
                double right = told.stream().mapToDouble(StepLosses::accuracy).sum() * 24;
                assertThat(epoch.accuracy() * 53).isBetween(right - 1e-9, right + 500 + 1e-9);
            }
        }
    }

    private static StepListener everyThird(List<StepLosses> told) {
        return new StepListener() {
            @Override
            public boolean onStep(int epoch, int step, int steps) {
                return true;
            }

            @Override
            public int lossesEvery() {
                return 3;
            }

            @Override
            public void onLosses(StepLosses losses) {
                told.add(losses);
            }
        };
    }

    /**
     * Hidden layers that labels do not teach learn the same where there are none, bit for bit; then the readout stays as it is, nothing
     * is evaluated, and the model gives codes.
     */
    @Test
    void whoNeedsNoLabelsLearnsWithoutAndWithoutTestImages() throws IOException {
        Dataset labelled = TinyRun.dataset(53, 20);
        ImageSet train = labelled.train();
        Dataset bare = new Dataset(
                        "bare",
                        ImageSet.unlabelled("bare train", train.image(), train.pixels()),
                        ImageSet.unlabelled("bare test", train.image(), train.pixels()),
                        labelled.mean(),
                        labelled.deviation(),
                        labelled.padding(),
                        labelled.flip())
                .withoutTest();
        for (Rule rule : TinyRun.withoutLabels().subList(1, 3)) {
            TrainingConfig config = TinyRun.config(rule, 2, 16, 0.01).withViews(2);
            Path checkpoints = folder.resolve(Integer.toString(rule.signature().hashCode()));
            try (Device device = open();
                    Trainer expected = new Trainer(device, labelled, config)) {
                expected.trainEpoch(StepListener.NONE);
                long before = device.liveBytes();
                try (Trainer trainer = new Trainer(device, bare, config)) {
                    EpochResult epoch = Objects.requireNonNull(trainer.trainEpoch(StepListener.NONE));
                    assertThat(epoch.readoutLoss()).isNaN();
                    assertThat(epoch.accuracy()).isNaN();
                    assertThat(epoch.localLosses())
                            .isEqualTo(expected.lastEpoch().localLosses());
                    Map<String, double[]> weights = read(expected.network());
                    read(trainer.network()).forEach((name, values) -> {
                        if (name.startsWith("hidden_layers.")) {
                            assertThat(values).as(name).isEqualTo(weights.get(name));
                        }
                    });
                    assertThat(device.liveBytes() - before)
                            .isEqualTo(MemoryEstimate.of(device, DeviceDataset.Sizes.of(bare), config)
                                    .orElseThrow()
                                    .onDevice());
                    String has = " is not known without labels, which bare does not have.";
                    assertThatThrownBy(trainer::evaluate).hasMessage("How well the network does" + has);
                    assertThatThrownBy(trainer::layerStatistics).hasMessage("What layers make of test images" + has);
                    assertThatThrownBy(() -> trainer.probes(9)).hasMessage("How well a probe does" + has);
                    assertThatThrownBy(trainer::alignment).hasMessage("Backprop's gradient" + has);
                    trainer.save(checkpoints);
                }
                try (Trainer resumed = new Trainer(device, bare, config);
                        Model model = Model.load(device, checkpoints)) {
                    resumed.restore(checkpoints);
                    resumed.trainEpoch(StepListener.NONE);
                    Samples samples = Samples.of(labelled.test().pixels());
                    assertThat(model.codes(0, samples).length).isEqualTo(20);
                    assertThatThrownBy(() -> model.predict(samples))
                            .hasMessageEndingWith("learned without labels, and knows no classes; ask for codes.");
                }
            }
        }
        try (Device device = open()) {
            for (Rule rule : List.of(TinyRun.phsic(), TinyRun.withoutLabels().get(0), new BackpropRule())) {
                assertThatThrownBy(() -> new Trainer(device, bare, TinyRun.config(rule, 2, 16, 0.01)))
                        .isInstanceOf(RefusedException.class)
                        .hasMessage("The rule " + rule.name() + " learns from labels, which bare does not have; give it"
                                + " labels, or a teaching signal that needs none.");
            }
            try (Trainer trainer =
                    new Trainer(device, labelled.withoutTest(), TinyRun.config(TinyRun.phsic(), 2, 16, 0.01))) {
                assertThat(Objects.requireNonNull(trainer.trainEpoch(StepListener.NONE))
                                .accuracy())
                        .isPositive();
                assertThatThrownBy(trainer::evaluate)
                        .hasMessage("How well the network does is not known without test images, which corners does not"
                                + " have.");
            }
        }
    }

    /** Every rule that teaches hidden layers does by orthogonalised momentum, too. */
    @Test
    void rulesLearnByOrthogonalisedMomentum() {
        for (Rule rule : List.of(TinyRun.phsic(), TinyRun.layerwise(Feedback.Kind.EXACT), new BackpropRule())) {
            TrainingConfig config = TinyRun.withMuon(TinyRun.config(rule, 6, 25, 0.01), 0.02);
            try (Device device = open();
                    Trainer trainer = new Trainer(device, TinyRun.dataset(203, 60), config)) {
                while (!trainer.isFinished()) {
                    trainer.trainEpoch(StepListener.NONE);
                }
                assertThat(trainer.evaluate().accuracy()).as(rule.name()).isGreaterThan(80);
            }
        }
    }

    /**
     * Three steps are those of a program in double that is written down here from the formulas, but for single precision, whose
     * roundings of 6e-8 five steps of a polynomial of slope 3.4 enlarge up to 485 times.
     */
    @Test
    void orthogonalisedMomentumIsThatOfTheFormulas() {
        Random random = new Random(11);
        double bound = device().equals("reference") ? 1e-12 : 1e-4;
        for (int[] extents : new int[][] {{6, 18}, {5, 5}, {7, 40}, {40, 7}, {9, 4}}) {
            Shape shape = Shape.of(extents);
            double[] weights = random.doubles(shape.size(), -1, 1).toArray();
            List<double[]> gradients = new ArrayList<>();
            for (int step = 0; step < 3; step++) {
                gradients.add(random.doubles(shape.size(), -1e-3, 1e-3).toArray());
            }
            double[] actual = descend(shape, weights, gradients, 0.1);
            double[] expected = weights.clone();
            double[] momentum = new double[expected.length];
            for (double[] gradient : gradients) {
                double[] direction = direction(extents[0], momentum, gradient);
                for (int i = 0; i < expected.length; i++) {
                    expected[i] -= 0.5 * (direction[i] + 0.1 * expected[i]);
                }
            }
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).as(shape + "[" + i + "]").isCloseTo(expected[i], within(bound));
            }
        }
    }

    /**
     * The singular values of a step, of matrices and of filters, are near 1, times the root of rows by columns where there are more
     * rows: those of its Gram matrix, whose largest one is found by powers, and the smallest by powers of what it lacks to a
     * multiple of the unit matrix.
     */
    @Test
    void aStepIsNearlyOrthogonal() {
        Random random = new Random(12);
        for (int[] extents : new int[][] {{8, 3, 3, 3}, {10, 40}, {40, 10}, {30, 1, 3, 3}}) {
            Shape shape = Shape.of(extents);
            double[] zeros = new double[(int) shape.size()];
            double[] gradient = random.doubles(shape.size(), -1e-6, 1e-6).toArray();
            double[] step = descend(shape, zeros, List.of(gradient), 0);
            int rows = extents[0];
            int columns = step.length / rows;
            double scale = -2 / Math.sqrt(Math.max(1, (double) rows / columns));
            double[][] x = new double[rows][columns];
            for (int i = 0; i < step.length; i++) {
                x[i / columns][i % columns] = scale * step[i];
            }
            double[][] gram = rows <= columns ? product(x, transposed(x)) : product(transposed(x), x);
            double largest = largestEigenvalue(gram);
            assertThat(Math.sqrt(largest)).as("the largest of " + shape).isBetween(0.7, 1.2);
            for (int i = 0; i < gram.length; i++) {
                for (int j = 0; j < gram.length; j++) {
                    gram[i][j] = (i == j ? 2 : 0) - gram[i][j];
                }
            }
            assertThat(Math.sqrt(2 - largestEigenvalue(gram)))
                    .as("the smallest of " + shape)
                    .isBetween(0.65, 1.2);
        }
    }

    /** Steps at a rate of 0.5 of a hidden layer's weights alone, from given gradients. */
    private double[] descend(Shape shape, double[] weights, List<double[]> gradients, double decay) {
        try (Device device = open();
                Scope scope = device.newScope("matrix")) {
            Clock clock = Clock.allocate(scope);
            OptimizerSpec spec = OptimizerSpec.sgd(123, 0.9, decay).withMuon(1);
            Optimizer optimizer = new Optimizer(device, scope, spec, clock, 1);
            Parameter weight = Parameter.weight(scope, "w", shape, shape, Precision.F32);
            optimizer.addHidden(weight);
            optimizer.setFactors(0.5);
            weight.value().write(weights);
            Tensor source = scope.allocate(DataType.F32, shape);
            Workspace workspace = device.newWorkspace(scope);
            Gradients all = new Gradients(workspace);
            List<Step> steps = new ArrayList<>();
            Operation given = device.optimizer().combine(all.of(weight), 1, source, 0, source, null);
            steps.add(Step.main(Phase.GRADIENT, given));
            optimizer.step(List.of(weight), all).forEach(one -> steps.add(Step.main(Phase.OPTIMIZER, one)));
            Program program = device.compile(workspace, steps);
            for (double[] gradient : gradients) {
                source.write(gradient);
                program.run();
            }
            device.synchronize();
            assertThat(optimizer.state().keySet()).containsExactly("w.first");
            Tensor momentum = Objects.requireNonNull(optimizer.state().get("w.first"));
            double[] after = weight.value().readDoubles();
            double[] kept = momentum.readDoubles();
            clock.fault().write(new long[] {1, 0});
            program.run();
            device.synchronize();
            assertThat(weight.value().readDoubles()).as("after a fault").isEqualTo(after);
            assertThat(momentum.readDoubles()).as("after a fault").isEqualTo(kept);
            return after;
        }
    }

    /** The formulas of docs/mathematics.md, section 10.3, on the transposed matrix where there are more rows. */
    private static double[] direction(int rows, double[] momentum, double[] gradient) {
        int columns = gradient.length / rows;
        double[][] x = new double[rows][columns];
        double squares = 0;
        for (int i = 0; i < gradient.length; i++) {
            momentum[i] = 0.95 * momentum[i] + gradient[i];
            x[i / columns][i % columns] = gradient[i] + 0.95 * momentum[i];
            squares += Math.pow(x[i / columns][i % columns], 2);
        }
        x = rows > columns ? transposed(x) : x;
        for (double[] row : x) {
            for (int j = 0; j < row.length; j++) {
                row[j] /= Math.sqrt(squares);
            }
        }
        for (int step = 0; step < 5; step++) {
            double[][] gram = product(x, transposed(x));
            double[][] third = product(gram, x);
            double[][] fifth = product(gram, third);
            for (int i = 0; i < x.length; i++) {
                for (int j = 0; j < x[i].length; j++) {
                    x[i][j] = 3.4445 * x[i][j] - 4.7750 * third[i][j] + 2.0315 * fifth[i][j];
                }
            }
        }
        x = rows > columns ? transposed(x) : x;
        double[] direction = new double[gradient.length];
        for (int i = 0; i < direction.length; i++) {
            direction[i] = Math.sqrt(Math.max(1, (double) rows / columns)) * x[i / columns][i % columns];
        }
        return direction;
    }

    private static double[][] transposed(double[][] x) {
        double[][] turned = new double[x[0].length][x.length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                turned[j][i] = x[i][j];
            }
        }
        return turned;
    }

    private static double[][] product(double[][] x, double[][] y) {
        double[][] result = new double[x.length][y[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int k = 0; k < y.length; k++) {
                for (int j = 0; j < y[k].length; j++) {
                    result[i][j] += x[i][k] * y[k][j];
                }
            }
        }
        return result;
    }

    /** Of a symmetric matrix without negative eigenvalues: the root of the trace of its power to 2^20. */
    private static double largestEigenvalue(double[][] matrix) {
        double[][] power = transposed(matrix); // a copy
        double logarithm = 0;
        for (int i = 0; i <= 20; i++) {
            double trace = 0;
            for (int j = 0; j < power.length; j++) {
                trace += power[j][j];
            }
            for (double[] row : power) {
                for (int j = 0; j < row.length; j++) {
                    row[j] /= trace;
                }
            }
            logarithm += Math.log(trace) / Math.pow(2, i);
            power = product(power, power);
        }
        return Math.exp(logarithm);
    }

    @Test
    void memoryIsWhatWasEstimated() {
        Dataset dataset = TinyRun.dataset(53, 20);
        for (Precision precision : Precision.values()) {
            TrainingConfig config = TinyRun.withMuon(TinyRun.config(TinyRun.phsic(), precision), 0.02)
                    .withWeightAverage(DECAY)
                    .withTestFlips(true);
            try (Device device = open()) {
                MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(dataset), config)
                        .orElseThrow();
                try (Trainer trainer = new Trainer(device, dataset, config);
                        Scope scope = device.newScope("alone")) {
                    trainer.trainEpoch(StepListener.NONE);
                    trainer.evaluate();
                    assertThat(device.liveBytes()).isEqualTo(estimate.onDevice());
                    long before = device.liveBytes();
                    Network one = new Network(device, scope, config.network(), precision, config.seed());
                    long statistics = one.hidden().stream()
                            .flatMap(layer -> layer.runningStatistics().values().stream())
                            .mapToLong(Tensor::bytes)
                            .sum();
                    assertThat(estimate.parameters())
                            .as("the weights and their average")
                            .isEqualTo(2 * (device.liveBytes() - before - statistics));
                }
            }
        }
    }
}
