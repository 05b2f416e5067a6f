package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Trains by each rule of a run, one after the other: by one rule in the run's folder, by several in a folder below it each.
 *
 * @param trainings by the rules' names
 * @param record of the whole run
 */
record RulesRun(
        RunFolder whole, Settings settings, Map<String, TrainingConfig> trainings, Means means, RunRecord record) {
    /**
     * Trains to the end, from the start or from where each rule's last checkpoint stands.
     *
     * @return the records of all rules but their sessions; empty if a signal stopped one
     */
    Optional<Map<String, ObjectNode>> run(boolean resume) throws IOException {
        return trainings.size() == 1 ? one(resume) : several(resume);
    }

    private Optional<Map<String, ObjectNode>> one(boolean resume) throws IOException {
        if (resume && !Checkpoint.exists(whole.checkpoint())) {
            throw new CheckpointException("There is no checkpoint in " + whole.checkpoint()
                    + "; restore it, or start a new run in another folder.");
        }
        Map.Entry<String, TrainingConfig> training =
                trainings.entrySet().iterator().next();
        return train(training, whole, resume).map(result -> Map.of(training.getKey(), result));
    }

    private Optional<Map<String, ObjectNode>> several(boolean resume) throws IOException {
        prepare(resume);
        try {
            Map<String, ObjectNode> results = new LinkedHashMap<>();
            for (Map.Entry<String, TrainingConfig> training : trainings.entrySet()) {
                try (RunFolder own = new RunFolder(whole.path().resolve(training.getKey()))) {
                    Optional<ObjectNode> result = train(training, own, resume);
                    if (result.isEmpty()) {
                        record.stop();
                        return Optional.empty();
                    }
                    results.put(training.getKey(), result.get());
                }
            }
            finish(results);
            return Optional.of(results);
        } catch (IOException | RuntimeException | Error e) {
            record.fail(e);
            throw e;
        }
    }

    /** Makes the folder that holds those of the rules, or cleans up in it. */
    private void prepare(boolean resume) throws IOException {
        if (!resume) {
            whole.create();
            record.begin();
            whole.writeConfig(settings);
        } else if (whole.lockIfWritable() == null) {
            whole.cleanFiles();
        }
    }

    /** Writes down, once, that the whole run goes on: when it is clear that one of its rules can. */
    private void goOn() throws IOException {
        if (trainings.size() > 1 && !record.isOpen()) {
            record.resume();
            whole.raiseEpochs(settings.integer(Key.EPOCHS));
        }
    }

    private void finish(Map<String, ObjectNode> results) throws IOException {
        if (!RunRecord.isFinished(whole.readRun())) {
            goOn();
        }
        if (record.isOpen()) {
            whole.writeSummary(results);
            record.finish();
        }
    }

    private Optional<ObjectNode> train(Map.Entry<String, TrainingConfig> training, RunFolder folder, boolean resume)
            throws IOException {
        String rule = training.getKey();
        TrainingConfig config = training.getValue();
        means.listener().begin(rule, config);
        RunRecord own = trainings.size() == 1 ? record : record.ofRule(folder, rule);
        TrainingRun run = new TrainingRun(folder, settings.with(Key.RULE, rule), config, means, own, this::goOn);
        return Optional.ofNullable(resume && Checkpoint.exists(folder.checkpoint()) ? run.resume() : run.begin())
                .map(RunRecord::withoutSessions);
    }
}
