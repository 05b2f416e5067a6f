package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A run is trained and saved; another process loads it, predicts, and goes on where it stood. */
public final class PredictSaveLoad {
    private PredictSaveLoad() {}

    /**
     * {@return a run on the rings, at its start}
     *
     * @param device where it computes
     * @param epochs how often every point is seen
     * @throws IOException if the file of points cannot be read
     */
    public static Trainer run(Device device, int epochs) throws IOException {
        Dataset rings = MlpOnFeatures.rings();
        TrainingConfig config = MlpOnFeatures.config(rings, MlpOnFeatures.labels(rings), epochs);
        return new Trainer(device, rings, config);
    }

    /**
     * Trains to an epoch's end and saves.
     *
     * @param trainer the run
     * @param epoch until when
     * @param folder receives {@code step-N}, with the weights in the safetensors format
     * @throws IOException if the file system refuses
     */
    public static void trainAndSave(Trainer trainer, int epoch, Path folder) throws IOException {
        while (trainer.epoch() < epoch) {
            trainer.trainEpoch(StepListener.NONE);
        }
        trainer.save(folder);
    }

    /**
     * {@return the class that the network takes each test point for}
     *
     * @param trainer the run
     * @param count of test points
     */
    public static int[] predict(Trainer trainer, int count) {
        int[] predicted = new int[count];
        trainer.predict((first, labels, logits) -> {
            int classes = logits.length / labels.length;
            for (int b = 0; b < labels.length; b++) {
                for (int c = 1; c < classes; c++) {
                    boolean larger = logits[b * classes + c] > logits[b * classes + predicted[first + b]];
                    predicted[first + b] = larger ? c : predicted[first + b];
                }
            }
        });
        return predicted;
    }

    /**
     * Trains 10 of 20 epochs, saves, loads, predicts, and trains the rest.
     *
     * @param arguments none
     * @throws IOException if the file system refuses
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory("rings");
        try (Device device = Devices.open("auto", 0).device()) {
            try (Trainer trainer = run(device, 20)) {
                trainAndSave(trainer, 10, folder);
                System.out.printf(
                        "Saved to %s: %.1f %%%n", folder, trainer.evaluate().accuracy());
            }
            try (Trainer trainer = run(device, 20)) {
                trainer.restore(folder).forEach(System.out::println);
                System.out.printf(
                        "Loaded, at epoch %d: %.1f %%%n",
                        trainer.epoch(), trainer.evaluate().accuracy());
                int[] predicted = predict(trainer, 5 * 24);
                System.out.println("The first test point is on ring " + predicted[0] + ".");
                trainAndSave(trainer, 20, folder);
                System.out.printf(
                        "Trained to the end: %.1f %%%n", trainer.evaluate().accuracy());
            }
        }
    }
}
