package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Precision;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.MemoryEstimate;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What any rule can be trained and evaluated with besides: averaged weights, and test images that are mirrored too. */
public abstract class OptionsContract extends BackendContract {
    private static final double DECAY = 0.9;

    @TempDir
    Path folder;

    private static TrainingConfig config(Rule rule, Precision precision) {
        TrainingConfig tiny = TinyRun.config(rule, 2, 16, 0.01);
        return new TrainingConfig(
                tiny.network(),
                rule,
                tiny.local(),
                tiny.readout(),
                tiny.schedule(),
                tiny.epochs(),
                tiny.batch(),
                precision,
                tiny.seed(),
                tiny.augment());
    }

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
            TrainingConfig plain = config(rule, Precision.F32);
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
            TrainingConfig plain = config(TinyRun.phsic(), precision);
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
            TrainingConfig plain = config(new BackpropRule(), precision);
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
        byte[] pixels = new byte[images.pixels().length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i / width * width + width - 1 - i % width] = images.pixels()[i];
        }
        return new ImageSet("mirrored", images.image(), pixels, images.labels(), images.classNames());
    }

    @Test
    void memoryIsWhatWasEstimated() {
        Dataset dataset = TinyRun.dataset(53, 20);
        for (Precision precision : Precision.values()) {
            TrainingConfig config =
                    config(TinyRun.phsic(), precision).withWeightAverage(DECAY).withTestFlips(true);
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
