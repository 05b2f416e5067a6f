package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
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
     * {@return the class that a saved network takes each test point for} All it needs is in the folder: network, weights, how features
     * are normalized, names of the classes.
     *
     * @param device where it computes
     * @param folder that has {@code step-N}
     * @throws IOException if the file system refuses, or the folder has no checkpoint
     */
    public static int[] predict(Device device, Path folder) throws IOException {
        try (Model model = Model.load(device, folder)) {
            return model.predict(
                    Samples.of(MlpOnFeatures.rings().test().pixels().floats()));
        }
    }

    /**
     * Trains 10 of 20 epochs, saves, predicts with what was saved, loads it, and trains the rest.
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
                System.out.println("The first test point is on ring " + predict(device, folder)[0] + ".");
                trainAndSave(trainer, 20, folder);
                System.out.printf(
                        "Trained to the end: %.1f %%%n", trainer.evaluate().accuracy());
            }
        }
    }
}
