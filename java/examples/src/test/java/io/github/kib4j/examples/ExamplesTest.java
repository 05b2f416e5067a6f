package io.github.kib4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every example runs, and what it comes to is right. */
final class ExamplesTest {
    private static final long SEED = Long.getLong("kib4j.seed", 3);

    private static Device device() {
        return Devices.open("auto", 1).device();
    }

    @ParameterizedTest
    @CsvSource({
        "HsicOfArrays, HSIC of x and another: 0.00",
        "MlpOnFeatures, % of the test points.",
        "CodesOfABatch, After 30 epochs: layer 1 0.",
        "OwnSimilarity, Codes follow angles: 0.",
        "TargetsOfARegression, R2 of a linear readout: 0.",
        "PredictSaveLoad, 'Loaded, at epoch 10: '",
        "EarlyStopping, 'After 13 steps: '",
        "TwoDevices, %"
    })
    void everyMainRuns(String name, String said) throws ReflectiveOperationException {
        PrintStream console = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            Class.forName(getClass().getPackageName() + "." + name)
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(console);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).contains(said);
    }

    /** Of two samples each, {@code H K H = (1 - k)/2 [1 -1; -1 1]}: HSIC is {@code (1 - k)(1 - l)/4}, of similarities in single precision. */
    @Test
    void hsicOfTwoSamplesIsThatByHand() {
        try (Device device = device()) {
            double k = Math.exp(-0.5);
            double l = Math.exp(-2);
            assertThat(HsicOfArrays.hsic(device, new float[][] {{0}, {1}}, new float[][] {{3}, {5}}, 1))
                    .isCloseTo((1 - k) * (1 - l) / 4, within(0x1p-23));
        }
    }

    /** {@code sum_ij (H K H)_ij L_ij / B^2}, with rows' means taken off one by one. */
    @Test
    void hsicOfManySamplesIsThatOfTheDefinition() {
        Random random = new Random(SEED);
        int batch = 30;
        float[][] x = new float[batch][3];
        float[][] y = new float[batch][2];
        double[][] k = new double[batch][batch];
        double[][] l = new double[batch][batch];
        for (int i = 0; i < batch; i++) {
            for (int d = 0; d < 3; d++) {
                x[i][d] = (float) random.nextGaussian();
            }
            y[i] = new float[] {x[i][0] * x[i][1], (float) random.nextGaussian()};
        }
        double sum = 0;
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j < batch; j++) {
                k[i][j] = gaussian(x[i], x[j]);
                l[i][j] = gaussian(y[i], y[j]);
            }
        }
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j < batch; j++) {
                double centred = k[i][j]
                        - mean(k[i])
                        - mean(k[j])
                        + Arrays.stream(k)
                                .mapToDouble(ExamplesTest::mean)
                                .average()
                                .orElseThrow();
                sum += centred * l[i][j] / batch / batch;
            }
        }
        try (Device device = device()) {
            assertThat(HsicOfArrays.hsic(device, x, y, 1.5)).as("seed " + SEED).isCloseTo(sum, within(0x1p-23));
        }
    }

    private static double gaussian(float[] a, float[] b) {
        double distance = 0;
        for (int d = 0; d < a.length; d++) {
            distance += ((double) a[d] - b[d]) * ((double) a[d] - b[d]);
        }
        return Math.exp(-distance / (2 * 1.5 * 1.5));
    }

    private static double mean(double[] row) {
        return Arrays.stream(row).average().orElseThrow();
    }

    /** No line tells rings apart: a readout of the two coordinates is right on half of the points. */
    @Test
    void theMlpTellsRingsApart() throws IOException {
        assertThat(MlpOnFeatures.accuracy(20)).isGreaterThan(93);
    }

    @Test
    void codesFollowASimilarityOfOnesOwn() {
        double[] alignment = OwnSimilarity.alignment(15);
        assertThat(alignment[1]).isGreaterThan(alignment[0] + 0.2);
    }

    /** The noise leaves 0.96 to be explained. */
    @Test
    void targetVectorsTeachARegression() {
        double[] explained = TargetsOfARegression.explained(15);
        assertThat(explained[0]).isLessThan(0.6);
        assertThat(explained[1]).isGreaterThan(0.85);
    }

    @Test
    void leastSquaresAreThoseByHand() {
        float[][] codes = {{1, 0}, {0, 1}, {1, 1}, {2, 1}};
        double[] targets = {5, 1, 4, 7}; // 3 a - b + 2
        double[] weights = TargetsOfARegression.leastSquares(codes, targets);
        assertThat(weights).usingComparatorWithPrecision(1e-4).containsExactly(3, -1, 2);
    }

    /** {@code u = sqrt((1 + sum (z - zbar)^2) / n)}, from the weights. */
    @Test
    void codesAreThoseByHandAndLearnTheClasses() throws IOException {
        Dataset rings = MlpOnFeatures.rings();
        float[][] x = CodesOfABatch.inputs(rings);
        try (Device device = device();
                Trainer trainer =
                        new Trainer(device, rings, MlpOnFeatures.config(rings, MlpOnFeatures.labels(rings), 10))) {
            List<Parameter> parameters = trainer.network().hidden().get(0).parameters();
            double[] w = parameters.get(0).value().readDoubles();
            double[] bias = parameters.get(1).value().readDoubles();
            float[][] codes = CodesOfABatch.codes(trainer.network(), 0, x);
            assertThat(codes).hasDimensions(rings.test().count(), 16);
            for (int b = 0; b < codes.length; b++) {
                for (int g = 0; g < 16; g++) {
                    assertThat((double) codes[b][g]).isCloseTo(code(w, bias, x[b], g), within(1e-5));
                }
            }
            double before = CodesOfABatch.dependence(device, codes, rings);
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            double after = CodesOfABatch.dependence(device, CodesOfABatch.codes(trainer.network(), 0, x), rings);
            assertThat(before).isLessThan(0.2);
            assertThat(after).isGreaterThan(0.6);
        }
    }

    private static double code(double[] w, double[] bias, float[] x, int group) {
        double[] z = new double[4];
        for (int k = 0; k < 4; k++) {
            double a = bias[4 * group + k];
            for (int d = 0; d < x.length; d++) {
                a += w[(4 * group + k) * x.length + d] * x[d];
            }
            z[k] = a > 0 ? a : 0.01 * a;
        }
        double mean = mean(z);
        return Math.sqrt((1 + Arrays.stream(z).map(v -> (v - mean) * (v - mean)).sum()) / 4);
    }

    @Test
    void aLoadedRunPredictsTheSameAndGoesOnBitForBit(@TempDir Path folder) throws IOException {
        int[] labels = MlpOnFeatures.rings().test().labels();
        try (Device device = device();
                Trainer saved = PredictSaveLoad.run(device, 6);
                Trainer loaded = PredictSaveLoad.run(device, 6)) {
            PredictSaveLoad.trainAndSave(saved, 3, folder);
            int[] predicted = PredictSaveLoad.predict(device, folder);
            assertThat(loaded.evaluate()).isNotEqualTo(saved.evaluate());
            assertThat(loaded.restore(folder)).isEmpty();
            assertThat(loaded.evaluate()).isEqualTo(saved.evaluate());
            long right = IntStream.range(0, labels.length)
                    .filter(b -> predicted[b] == labels[b])
                    .count();
            assertThat(saved.evaluate().accuracy()).isEqualTo(100.0 * right / labels.length);
            PredictSaveLoad.trainAndSave(saved, 6, folder.resolve("left-alone"));
            PredictSaveLoad.trainAndSave(loaded, 6, folder.resolve("went-on"));
            assertThat(loaded.evaluate()).isEqualTo(saved.evaluate());
        }
    }

    @Test
    void aListenerStopsAndTheRunGoesOnAsIfNothingHadBeen() throws IOException {
        try (Device device = device();
                Trainer stopped = PredictSaveLoad.run(device, 4);
                Trainer whole = PredictSaveLoad.run(device, 4)) {
            EarlyStopping.trainSteps(stopped, 13);
            assertThat(stopped.step()).isEqualTo(13);
            assertThat(stopped.epoch()).isEqualTo(1);
            EarlyStopping.trainSteps(stopped, 1000);
            assertThat(stopped.isFinished()).isTrue();
            EarlyStopping.trainSteps(whole, 1000);
            assertThat(stopped.evaluate()).isEqualTo(whole.evaluate());
        }
    }

    @Test
    void trainingEndsWhenAccuracyNoLongerRises() throws IOException {
        try (Device device = device();
                Trainer trainer = PredictSaveLoad.run(device, 100)) {
            assertThat(EarlyStopping.trainWhileItRises(trainer, 5)).isGreaterThan(93);
            assertThat(trainer.epoch()).isBetween(6, 99);
        }
    }

    @Test
    void twoDevicesAtATimeComputeWhatEachDoesAlone() throws Exception {
        TwoDevices.Result alone = TwoDevices.run("auto", 1, 5);
        assertThat(TwoDevices.together(Collections.nCopies(2, "auto"), 1, 5)).containsExactly(alone, alone);
        List<TwoDevices.Result> mixed = TwoDevices.together(List.of("reference", "auto"), 1, 5);
        assertThat(mixed.get(0).device()).startsWith("reference");
        assertThat(mixed.get(1)).isEqualTo(alone);
    }
}
