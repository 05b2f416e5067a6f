package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import io.github.kib4j.objective.PairMemory;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Precision;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of a saved run's model: the bits of the run's own evaluation, from the checkpoint alone. */
public abstract class ModelContract extends BackendContract {
    private static final int TESTED = 37;

    @TempDir
    Path folder;

    private static Dataset dataset() {
        return TinyRun.dataset(53, TESTED);
    }

    /** Runs that differ in what evaluation reads: normalizations, weights, readout, size of a batch, precision. */
    private static List<TrainingConfig> configs() {
        LayerSpec style = LayerSpec.linear(1)
                .withActivation(Activation.SELU)
                .withBias(true)
                .withGrouping(new Grouping(4, 0.5, 1, 0));
        NetworkSpec all = NetworkSpec.vgg(Shape.of(2, 8, 8), new int[] {8, 4}, Set.of(0), 12, 4, style)
                .withReadout(new ReadoutSpec(16));
        NetworkSpec plain = NetworkSpec.mlp(Shape.of(2, 8, 8), List.of(12, 6), 4, LayerSpec.linear(1));
        List<TrainingConfig> configs = new ArrayList<>();
        for (Precision precision : Precision.values()) {
            configs.add(TinyRun.config(TinyRun.phsic(), precision));
        }
        configs.add(TinyRun.config(TinyRun.phsic(), Precision.F32).withWeightAverage(0.9));
        configs.add(TinyRun.config(new BackpropRule(), all, 2, 16, 0.01));
        configs.add(TinyRun.config(TinyRun.phsic(), plain, 2, 16, 0.01));
        configs.add(TinyRun.config(TinyRun.pairs(new PairMemory.Last(20, 0.02)), plain, 2, 1, 0.01));
        return configs;
    }

    /** Trains a few steps, saves, and returns the test images' logits. */
    private static float[][] train(Device device, TrainingConfig config, Path to) throws IOException {
        return train(device, dataset(), config, to);
    }

    private static float[][] train(Device device, Dataset dataset, TrainingConfig config, Path to) throws IOException {
        float[][] logits = new float[TESTED][];
        try (Trainer trainer = new Trainer(device, dataset, config)) {
            trainer.trainEpoch((epoch, step, steps) -> step < 3);
            trainer.predict((first, labels, said) -> {
                for (int b = 0; b < labels.length; b++) {
                    logits[first + b] = Arrays.copyOfRange(said, 4 * b, 4 * b + 4);
                }
            });
            trainer.save(to);
        }
        return logits;
    }

    /** The same operations in batches of the same sizes: every bit. */
    @Test
    void logitsAreThoseOfTheRunsEvaluation() throws IOException {
        for (TrainingConfig config : configs()) {
            Path run = folder.resolve("run" + configs().indexOf(config));
            try (Device device = open()) {
                float[][] expected = train(device, config, run);
                try (Model model = Model.load(device, run)) {
                    Samples samples = Samples.ofBytes(dataset().test().pixels().bytes());
                    assertThat(model.logits(samples)).as(config.toString()).isDeepEqualTo(expected);
                    assertThat(model.classNames()).containsExactly("a", "b", "c", "d");
                    check(model, samples, expected);
                }
                assertThat(device.liveBytes()).as("what the model had").isZero();
            }
        }
    }

    /** Features, each normalized by itself. */
    @Test
    void logitsOfFeaturesAreThoseOfTheRunsEvaluation() throws IOException {
        Dataset features = TinyRun.features(53, TESTED);
        try (Device device = open()) {
            float[][] expected = train(device, features, TinyRun.onFeatures(TinyRun.phsic(), 2, 16), folder);
            try (Model model = Model.load(device, folder)) {
                assertThat(model.logits(Samples.of(features.test().pixels()))).isDeepEqualTo(expected);
                assertThat(model.saved().requireInput().type()).isEqualTo(DataType.F32);
                assertThat(model.saved().requireInput().mean()).isEqualTo(features.mean());
                assertThatThrownBy(() -> model.predict(Samples.ofBytes(new byte[5])))
                        .isInstanceOf(RefusedException.class)
                        .hasMessage("The network was trained on floats, but the samples are bytes; give floats as in"
                                + " training.");
            }
        }
    }

    private static void check(Model model, Samples samples, float[][] logits) {
        double[][] probabilities = model.probabilities(samples);
        int[] predicted = model.predict(samples);
        for (int i = 0; i < logits.length; i++) {
            double sum = 0;
            for (float logit : logits[i]) {
                sum += Math.exp(logit - (double) logits[i][predicted[i]]);
                assertThat(logit).isLessThanOrEqualTo(logits[i][predicted[i]]);
            }
            // exp, a sum of four, and a quotient in double
            assertThat(probabilities[i][predicted[i]]).isCloseTo(1 / sum, within(1e-14));
            assertThat(Arrays.stream(probabilities[i]).sum()).isCloseTo(1, within(1e-14));
        }
        assertThat(model.predict(Samples.ofBytes(new byte[0]))).isEmpty();
    }

    /**
     * Floats are normalized as bytes are, once divided by 255: what rounding that changes, 2^-24 of a pixel and as much of the quotient
     * of it and the deviation 0.5, passes through weights of one layer.
     */
    @Test
    void floatsAreReadAsBytesAreAndFromAnyKindOfArray() throws IOException {
        TrainingConfig config = configs().get(4);
        try (Device device = open();
                Scope scope = device.newScope("test")) {
            train(device, config, folder);
            try (Model model = Model.load(device, folder)) {
                byte[] bytes = dataset().test().pixels().bytes();
                float[] floats = new float[bytes.length];
                float[][] rows = new float[TESTED][128];
                for (int i = 0; i < bytes.length; i++) {
                    floats[i] = (bytes[i] & 255) / 255f;
                    rows[i / 128][i % 128] = floats[i];
                }
                Tensor tensor = scope.allocate(DataType.F32, Shape.of(TESTED, 2, 8, 8));
                tensor.write(floats);
                float[][] logits = model.logits(Samples.of(floats));
                assertThat(model.logits(Samples.of(rows))).isDeepEqualTo(logits);
                assertThat(model.logits(Samples.of(tensor))).isDeepEqualTo(logits);
                float[][] ofBytes = model.logits(Samples.ofBytes(bytes));
                for (int i = 0; i < TESTED; i++) {
                    // |x| <= 1, 128 weights below 0.2, then 12 and 6 units: 1e-5 is 40 times what that can come to
                    assertThat(logits[i]).containsExactly(ofBytes[i], within(1e-5f));
                }
                tensor = scope.allocate(DataType.U8, Shape.of(TESTED, 2, 8, 8));
                tensor.write(bytes);
                assertThat(model.logits(Samples.of(tensor))).isDeepEqualTo(ofBytes);
            }
        }
    }

    /** The last layer's activity, which the readout reads, gives the logits; a group's code is of its numbers. */
    @Test
    void codesAreWhatTheLayersMake() throws IOException {
        TrainingConfig config = configs().get(4);
        try (Device device = open()) {
            train(device, config, folder);
            try (Model model = Model.load(device, folder)) {
                Samples samples = Samples.ofBytes(dataset().test().pixels().bytes());
                float[][] logits = model.logits(samples);
                float[][] codes = model.codes(1, samples);
                assertThat(model.codes(0, samples)[0]).hasSize(12);
                float[] weight = model.saved()
                        .array("softmax_layer.weight", Shape.of(4, 6))
                        .floats();
                float[] bias =
                        model.saved().array("softmax_layer.bias", Shape.of(4)).floats();
                for (int i = 0; i < TESTED; i++) {
                    for (int m = 0; m < 4; m++) {
                        double sum = bias[m];
                        for (int k = 0; k < 6; k++) {
                            sum += (double) weight[6 * m + k] * codes[i][k];
                        }
                        // seven terms below 1 in single precision
                        assertThat((double) logits[i][m]).isCloseTo(sum, within(7 * 0x1p-23));
                    }
                }
            }
            Path grouped = folder.resolve("grouped");
            train(device, configs().get(0), grouped);
            try (Model model = Model.load(device, grouped)) {
                float[][] codes =
                        model.codes(0, Samples.ofBytes(dataset().test().pixels().bytes()));
                assertThat(codes[0]).hasSize(4);
                for (float[] row : codes) {
                    for (float code : row) {
                        assertThat(code).isPositive().isFinite();
                    }
                }
            }
        }
    }

    @Test
    void ofSeveralRulesOneIsNamed() throws IOException {
        try (Device device = open()) {
            float[][] logits = train(device, configs().get(0), folder.resolve("phsic/checkpoint"));
            Samples samples = Samples.ofBytes(dataset().test().pixels().bytes());
            try (Model model = Model.load(device, folder)) {
                assertThat(model.logits(samples)).as("the only rule").isDeepEqualTo(logits);
            }
            train(device, configs().get(3), folder.resolve("backprop/checkpoint"));
            assertThatThrownBy(() -> Model.load(device, folder))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage("The run in " + folder
                            + " has several rules (backprop, phsic); name one, or the folder of one.");
            assertThatThrownBy(() -> Model.load(device, folder, "hsic"))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage(
                            "The run in " + folder + " has no checkpoint of the rule hsic; it has backprop, phsic.");
            assertThatThrownBy(() -> Model.load(device, folder.resolve("phsic"), "backprop"))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageEndingWith("is by the rule phsic, not backprop.");
            try (Model model = Model.load(device, folder, "phsic")) {
                assertThat(model.logits(samples)).isDeepEqualTo(logits);
                assertThat(model.saved().rule()).isEqualTo("phsic");
            }
            assertThatThrownBy(() -> Model.load(device, folder.resolve("nothing")))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageStartingWith("There is no checkpoint in " + folder.resolve("nothing"));
        }
    }

    /** While one thread is handed codes another asks, which is said; the first one's codes are right. */
    @Test
    void anotherThreadIsRefused() throws Exception {
        try (Device device = open()) {
            train(device, configs().get(4), folder);
            Samples samples = Samples.ofBytes(dataset().test().pixels().bytes());
            try (Model model = Model.load(device, folder)) {
                float[][] codes = model.codes(0, samples);
                List<Throwable> thrown = new ArrayList<>();
                List<Float> heard = new ArrayList<>();
                model.codes(0, samples, (first, rows, width) -> {
                    Thread other = new Thread(() -> model.predict(samples), "other");
                    other.setUncaughtExceptionHandler((thread, failure) -> thrown.add(failure));
                    other.start();
                    join(other);
                    heard.add(rows[width - 1]);
                });
                assertThat(thrown)
                        .hasSize(3)
                        .allSatisfy(failure -> assertThat(failure)
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessageMatching(
                                        "The model is in use by thread '.*' while thread 'other' uses it; use .*"));
                assertThat(heard).containsExactly(codes[0][11], codes[16][11], codes[32][11]);
                assertThat(model.codeWidth(0)).isEqualTo(12);
                assertThat(model.batch()).isEqualTo(16);
            }
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedInASentence() throws IOException {
        try (Device device = open()) {
            train(device, configs().get(4), folder);
            Model closed;
            try (Model model = Model.load(device, folder)) {
                closed = model;
                assertThatThrownBy(() -> model.predict(Samples.ofBytes(new byte[129])))
                        .isInstanceOf(RefusedException.class)
                        .hasMessage("129 numbers are no whole number of samples: the network reads 128 for each"
                                + " (2 x 8 x 8).");
                assertThatThrownBy(() -> model.predict(Samples.of(new float[][] {new float[128], new float[3]})))
                        .isInstanceOf(RefusedException.class)
                        .hasMessage("Sample 1 has 3 numbers, but the network reads 128 (2 x 8 x 8).");
                float[] numbers = new float[256];
                numbers[130] = Float.NaN;
                assertThatThrownBy(() -> model.predict(Samples.of(numbers)))
                        .isInstanceOf(RefusedException.class)
                        .hasMessage("Number 2 of sample 1 is NaN; give numbers that are finite.");
                assertThatThrownBy(() -> model.codes(2, Samples.of(new float[128])))
                        .isInstanceOf(RefusedException.class)
                        .hasMessage("There is no hidden layer 2; the network has 2, from 0.");
                assertThat(model.predict(Samples.of(new float[128])))
                        .as("goes on")
                        .hasSize(1);
            }
            assertThatThrownBy(() -> closed.predict(Samples.of(new float[128])))
                    .isInstanceOf(IllegalStateException.class);
        }
    }
}
