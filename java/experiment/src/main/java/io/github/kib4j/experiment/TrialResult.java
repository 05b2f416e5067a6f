package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What has become of a trial.
 *
 * @param state whether it is done
 * @param testAccuracy in percent after the trial's last epoch; not a number before
 * @param flippedAccuracy the same of the mean of an image's logits and its mirror image's; not a number where they are not read
 * @param trainAccuracy in percent in that epoch; not a number before
 * @param epochs that are done, of those that the trial wants
 * @param seconds that their training took
 * @param remark why it has no accuracy, half a sentence; empty where there is nothing to say
 */
public record TrialResult(
        State state,
        double testAccuracy,
        double flippedAccuracy,
        double trainAccuracy,
        int epochs,
        double seconds,
        String remark) {
    /** What has become of a trial. */
    public enum State {
        /** Nothing was done yet. */
        WAITING,
        /** A checkpoint is there to go on from. */
        BEGUN,
        /** All epochs are done. */
        FINISHED,
        /** Its numbers were no longer finite, as they would be again. */
        DIVERGED,
        /** Something outside ended it; it can be tried again. */
        FAILED,
        /** Its data are not there. */
        SKIPPED
    }

    /**
     * Reads what a trial's folder says.
     *
     * @param trial which
     * @param folder of its run; it may not be there
     * @return finished, diverged, begun or waiting
     * @throws IOException if the folder cannot be read
     */
    public static TrialResult of(Trial trial, Path folder) throws IOException {
        RunFolder run = new RunFolder(folder);
        if (!Files.isRegularFile(run.config())) {
            return without(State.WAITING, 0, 0, "");
        }
        List<JsonNode> lines = run.metrics().epochs();
        List<JsonNode> epochs = lines.subList(0, Math.min(lines.size(), trial.epochs()));
        double seconds = epochs.stream()
                .mapToDouble(epoch -> epoch.path("seconds").asDouble())
                .sum();
        ObjectNode record = run.readRun();
        boolean ended = RunRecord.isFinished(record) || run.epochsWanted() > trial.epochs();
        if (epochs.size() == trial.epochs() && ended) {
            JsonNode last = epochs.get(epochs.size() - 1);
            return new TrialResult(
                    State.FINISHED,
                    last.path("test_accuracy").asDouble(Double.NaN),
                    last.path(TrainingRun.FLIPS).asDouble(Double.NaN),
                    last.path("train_accuracy").asDouble(Double.NaN),
                    epochs.size(),
                    seconds,
                    "");
        }
        JsonNode diverged = record == null ? null : record.get(RunRecord.DIVERGED);
        return diverged == null
                ? without(State.BEGUN, epochs.size(), seconds, "at epoch " + epochs.size() + " of " + trial.epochs())
                : without(
                        State.DIVERGED,
                        epochs.size(),
                        seconds,
                        "diverged in step " + diverged.path("step").asLong() + " ("
                                + diverged.path("place").asText() + ")");
    }

    /** Returns a result that has no accuracy. */
    static TrialResult without(State state, int epochs, double seconds, String remark) {
        return new TrialResult(state, Double.NaN, Double.NaN, Double.NaN, epochs, seconds, remark);
    }

    /** Returns this trial's result where something outside has ended or hindered it. */
    TrialResult because(State other, String why) {
        return new TrialResult(other, testAccuracy, flippedAccuracy, trainAccuracy, epochs, seconds, why);
    }

    /** {@return whether there is nothing left to do: another try would end as this one} */
    public boolean isSettled() {
        return state == State.FINISHED || state == State.DIVERGED;
    }
}
