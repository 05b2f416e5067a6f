package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.io.IOException;

/** Two ways to stop: at any step, by a listener; and between epochs, once the test accuracy has stopped rising. */
public final class EarlyStopping {
    private EarlyStopping() {}

    /** Listens to each step, and stops training after as many as it was given. */
    public static final class Budget implements StepListener {
        private int left;

        /**
         * Creates a budget.
         *
         * @param steps how many may still be done, at least 1
         */
        public Budget(int steps) {
            left = steps;
        }

        @Override
        public boolean onStep(int epoch, int step, int steps) {
            left--;
            return left > 0;
        }
    }

    /**
     * Trains until the steps of the budget are done or all epochs are.
     *
     * @param trainer the run, which can go on afterwards
     * @param steps the budget
     */
    public static void trainSteps(Trainer trainer, int steps) {
        Budget budget = new Budget(steps);
        while (budget.left > 0 && !trainer.isFinished()) {
            trainer.trainEpoch(budget); // null where the budget ended it
        }
    }

    /**
     * {@return the best accuracy on the test points} Trains until it has not risen for some epochs.
     *
     * @param trainer the run
     * @param patience for how many epochs it may stay as it is
     */
    public static double trainWhileItRises(Trainer trainer, int patience) {
        double best = 0;
        for (int since = 0; since < patience && !trainer.isFinished(); since++) {
            trainer.trainEpoch(StepListener.NONE);
            double accuracy = trainer.evaluate().accuracy();
            if (accuracy > best) {
                best = accuracy;
                since = -1;
            }
        }
        return best;
    }

    /**
     * Stops in both ways.
     *
     * @param arguments none
     * @throws IOException if the file of points cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        Dataset rings = MlpOnFeatures.rings();
        try (Device device = Devices.open("auto", 0).device();
                Trainer trainer =
                        new Trainer(device, rings, MlpOnFeatures.config(rings, MlpOnFeatures.labels(rings), 100))) {
            trainSteps(trainer, 13);
            System.out.printf(
                    "After %d steps: %.1f %%%n",
                    trainer.step(), trainer.evaluate().accuracy());
            double best = trainWhileItRises(trainer, 10);
            System.out.printf("Stopped after epoch %d of 100: %.1f %%%n", trainer.epoch(), best);
        }
    }
}
