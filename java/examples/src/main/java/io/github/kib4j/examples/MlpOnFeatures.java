package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** A multilayer perceptron on features of one's own, out of a CSV file, trained without backprop: points of two rings. */
public final class MlpOnFeatures {
    private static final List<String> RINGS = List.of("inner", "outer");

    private MlpOnFeatures() {}

    /**
     * {@return the points of {@code rings.csv}: three in four to learn from, the others to test on}
     *
     * @throws IOException if the file cannot be read
     */
    public static Dataset rings() throws IOException {
        InputStream file = Objects.requireNonNull(MlpOnFeatures.class.getResourceAsStream("rings.csv"));
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            List<String[]> rows =
                    reader.lines().skip(1).map(line -> line.split(",")).toList();
            int train = rows.size() * 3 / 4;
            return Dataset.standardized(
                    "rings",
                    samples("rings to learn from", rows.subList(0, train)),
                    samples("rings to test on", rows.subList(train, rows.size())));
        }
    }

    private static ImageSet samples(String name, List<String[]> rows) {
        float[][] x = new float[rows.size()][];
        int[] labels = new int[rows.size()];
        for (int b = 0; b < rows.size(); b++) {
            String[] row = rows.get(b);
            x[b] = new float[row.length - 1];
            for (int k = 0; k < x[b].length; k++) {
                x[b][k] = Float.parseFloat(row[k]);
            }
            labels[b] = RINGS.indexOf(row[row.length - 1]);
        }
        return ImageSet.of(name, x, labels, RINGS);
    }

    /**
     * {@return a run of the local rule: two layers of 64 units in 16 groups, batches of 40}
     *
     * @param dataset what is learned
     * @param teaching what layers are taught by
     * @param epochs how often every sample is seen
     */
    public static TrainingConfig config(Dataset dataset, TeachingSignal teaching, int epochs) {
        LayerSpec style = LayerSpec.linear(1).withBias(true).withGrouping(new Grouping(16, 0.5, 1, 0));
        ObjectiveOps.Spec objective = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        Rule rule = new LocalRule("phsic", LocalObjective.of(objective), teaching);
        NetworkSpec network = NetworkSpec.mlp(
                dataset.train().image(), List.of(64, 64), dataset.train().classes(), style);
        return new TrainingConfig(
                network,
                rule,
                OptimizerSpec.adamW(0.01, 0),
                OptimizerSpec.adamW(0.01, 0),
                new Schedule.Cosine(),
                epochs,
                40,
                Precision.F32,
                1,
                false);
    }

    /**
     * {@return the teaching signal of the paper: class labels, compared by the cosine of centred one-hot vectors}
     *
     * @param dataset whose labels they are
     */
    public static TeachingSignal labels(Dataset dataset) {
        return TeachingSignals.classes(dataset.train().classes(), Kernel.COSINE, true);
    }

    /**
     * {@return the accuracy on the test points, in percent, after training}
     *
     * @param epochs how often every point is seen
     * @throws IOException if the file cannot be read
     */
    public static double accuracy(int epochs) throws IOException {
        Dataset rings = rings();
        try (Device device = Devices.open("auto", 0).device();
                Trainer trainer = new Trainer(device, rings, config(rings, labels(rings), epochs))) {
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            return trainer.evaluate().accuracy();
        }
    }

    /**
     * Trains and tests.
     *
     * @param arguments none
     * @throws IOException if the file cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        System.out.printf("Right on %.1f %% of the test points.%n", accuracy(30));
    }
}
