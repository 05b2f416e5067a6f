package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.train.Checkpoint;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Trains by one rule, into one folder. */
final class TrainingRun {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunFolder folder;
    private final TrainingConfig config;
    private final Dataset dataset;
    private final Device device;
    private final Progress progress;
    private final StopSignal signal;
    private final ObjectNode about;

    /** What is done when a new run begins. */
    interface Begin {
        /** Makes its folder. */
        void begin() throws IOException;
    }

    /**
     * Prepares a run.
     *
     * @param about what {@code run.json} says besides the results
     */
    TrainingRun(
            RunFolder folder,
            TrainingConfig config,
            Dataset dataset,
            Device device,
            Progress progress,
            StopSignal signal,
            ObjectNode about) {
        this.folder = folder;
        this.config = config;
        this.dataset = dataset;
        this.device = device;
        this.progress = progress;
        this.signal = signal;
        this.about = about;
    }

    /**
     * Trains to the end; returns the result, or null if a signal stopped it.
     *
     * @param begin makes the folder of a new run, once it is clear that it can start; null to go on from the folder's checkpoint
     */
    @Nullable
    ObjectNode run(@Nullable Begin begin) throws IOException {
        try (Trainer trainer = new Trainer(device, dataset, config)) {
            if (begin != null) {
                begin.begin();
            } else {
                trainer.restore(folder.checkpoint());
                folder.keepEpochs(trainer.epoch());
                progress.say(
                        trainer.isFinished()
                                ? "The run in " + folder.path() + " is finished: all " + config.epochs()
                                        + " epochs are done."
                                : "Going on after epoch " + trainer.epoch() + ", step " + trainer.step() + ".");
            }
            while (!trainer.isFinished()) {
                progress.startEpoch();
                EpochResult epoch = trainer.trainEpoch((e, step, steps) -> {
                    progress.step(e, step, steps);
                    return !signal.isSet();
                });
                if (epoch != null) {
                    Evaluation test = trainer.evaluate();
                    progress.epoch(epoch, test);
                    folder.append(row(epoch, test));
                }
                trainer.save(folder.checkpoint());
                if (epoch == null || (signal.isSet() && !trainer.isFinished())) {
                    progress.say("\nStopped; saved in " + folder.path() + ". Go on with: kib train --resume "
                            + folder.path());
                    return null;
                }
            }
            return finish();
        }
    }

    private static ObjectNode row(EpochResult epoch, Evaluation test) {
        ObjectNode row = JSON.createObjectNode();
        row.put("epoch", epoch.epoch())
                .put("seconds", epoch.seconds())
                .put("train_images_per_second", epoch.imagesPerSecond());
        ArrayNode losses = row.putArray("local_losses");
        epoch.localLosses().forEach(losses::add);
        row.put("readout_loss", epoch.readoutLoss())
                .put("train_accuracy", epoch.accuracy())
                .put("test_accuracy", test.accuracy());
        return row.put("peak_rss_bytes", RunFolder.peakResidentBytes());
    }

    private ObjectNode finish() throws IOException {
        List<JsonNode> epochs = folder.epochs();
        JsonNode last = epochs.get(epochs.size() - 1);
        ObjectNode run = about.deepCopy();
        run.put("rule", config.rule().name());
        run.put("test_accuracy", last.get("test_accuracy").asDouble());
        run.put("train_accuracy", last.get("train_accuracy").asDouble());
        run.put("epochs", epochs.size());
        run.put(
                "train_seconds",
                epochs.stream().mapToDouble(e -> e.get("seconds").asDouble()).sum());
        double[] speeds = epochs.stream()
                .mapToDouble(e -> e.get("train_images_per_second").asDouble())
                .sorted()
                .toArray();
        run.put("train_images_per_second", speeds[speeds.length / 2]);
        run.put("peak_rss_bytes", RunFolder.peakResidentBytes());
        folder.writeRun(run);
        return run;
    }

    /** Returns whether the folder has a checkpoint. */
    static boolean hasCheckpoint(RunFolder folder) {
        return Checkpoint.exists(folder.checkpoint());
    }
}
