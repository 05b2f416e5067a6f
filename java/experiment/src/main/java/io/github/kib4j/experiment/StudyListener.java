package io.github.kib4j.experiment;

/** Is told how a study goes, by one thread at a time. */
public interface StudyListener {
    /**
     * Is told a sentence of what was found or decided.
     *
     * @param line the sentence
     */
    default void say(String line) {}

    /**
     * Begins.
     *
     * @param trials that there are
     * @param settled those that are done already
     */
    default void begin(int trials, int settled) {}

    /**
     * Passes over all trials of a data set.
     *
     * @param dataset its name
     * @param message why, a sentence
     * @param missing whether its files are not found, so that naming another place may help
     */
    default void skipped(String dataset, String message, boolean missing) {}

    /**
     * Has done a step of a trial.
     *
     * @param trial which
     * @param epoch it belongs to, from 1
     * @param step of the epoch, from 1
     * @param steps of an epoch
     */
    default void step(Trial trial, int epoch, int step, int steps) {}

    /**
     * Has done an epoch of a trial.
     *
     * @param trial which
     * @param epoch from 1
     * @param accuracy on the test images, in percent
     */
    default void epoch(Trial trial, int epoch, double accuracy) {}

    /**
     * Has done with a trial.
     *
     * @param trial which
     * @param result what has become of it
     */
    default void end(Trial trial, TrialResult result) {}
}
