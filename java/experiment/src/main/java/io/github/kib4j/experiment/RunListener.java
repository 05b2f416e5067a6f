package io.github.kib4j.experiment;

import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.TrainingConfig;
import java.nio.file.Path;

/** Is told how a run goes, and stops it. */
public interface RunListener {
    /**
     * Is told that the run has all that it needs, before anything is written but its folder.
     *
     * @param folder of the run
     */
    default void start(Path folder) {}

    /**
     * Begins with a rule.
     *
     * @param rule its name
     * @param config its training
     */
    default void begin(String rule, TrainingConfig config) {}

    /**
     * Is told a sentence of what was found or decided.
     *
     * @param line the sentence
     */
    default void say(String line) {}

    /** Begins with an epoch, or goes on with it. */
    default void startEpoch() {}

    /**
     * Has done a step.
     *
     * @param epoch it belongs to, from 1
     * @param step of the epoch, from 1
     * @param steps of an epoch
     */
    default void step(int epoch, int step, int steps) {}

    /**
     * Evaluates.
     *
     * @param epoch after which, from 1
     * @param done images so far
     * @param images all of them
     */
    default void testing(int epoch, int done, int images) {}

    /**
     * Has done an epoch, which is saved.
     *
     * @param epoch what its training was
     * @param test what its evaluation says
     */
    default void epoch(EpochResult epoch, Evaluation test) {}

    /**
     * Is asked after each step and each batch of an evaluation.
     *
     * @return whether the run is to be saved and to stop
     */
    default boolean stops() {
        return false;
    }
}
