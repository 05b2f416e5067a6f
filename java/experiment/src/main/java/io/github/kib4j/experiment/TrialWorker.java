package io.github.kib4j.experiment;

import java.io.IOException;
import java.nio.file.Path;

/** Trains trials: in this process ({@link TrialTraining}), or each in one of its own ({@link TrialProcesses}). */
public interface TrialWorker {
    /**
     * Trains to the end, from the start or from the newest checkpoint.
     *
     * @param trial which
     * @param folder of its run
     * @param command how the study was called, for the run's record
     * @param listener is told how it goes
     * @return how that ended
     * @throws IOException if that cannot even be tried
     */
    Outcome train(Trial trial, Path folder, String command, Listener listener) throws IOException;

    /** Makes all trainings save and stop, those under way and those that are still to be asked for. */
    void stop();

    /** Is told how a training goes. */
    interface Listener {
        /**
         * Is told a sentence of what was found or decided.
         *
         * @param line the sentence
         */
        void say(String line);

        /**
         * Has done a step.
         *
         * @param epoch it belongs to, from 1
         * @param step of the epoch, from 1
         * @param steps of an epoch
         */
        void step(int epoch, int step, int steps);

        /**
         * Has done an epoch, which is saved.
         *
         * @param epoch from 1
         * @param accuracy on the test images, in percent
         */
        void epoch(int epoch, double accuracy);
    }

    /**
     * How a training ended.
     *
     * @param kind in short
     * @param message a sentence; empty where there is nothing to say
     */
    record Outcome(Kind kind, String message) {
        /** How a training ended, in short. */
        public enum Kind {
            /** It has all of its epochs. */
            FINISHED,
            /** Its numbers were no longer finite. */
            DIVERGED,
            /** The files of its data set are not found. */
            NO_DATA,
            /** The files of its data set are damaged, or of another kind. */
            BAD_DATA,
            /** It was told to stop, and is saved. */
            STOPPED,
            /** Something else. */
            FAILED
        }
    }
}
