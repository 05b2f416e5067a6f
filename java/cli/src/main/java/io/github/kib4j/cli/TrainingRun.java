package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.op.Device;
import io.github.kib4j.train.Checkpoint;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Trains by one rule, into one folder. */
final class TrainingRun {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunFolder folder;
    private final Settings settings;
    private final TrainingConfig config;
    private final DeviceDataset dataset;
    private final Device device;
    private final Progress progress;
    private final StopSignal signal;
    private final ObjectNode about;

    /**
     * Prepares a run.
     *
     * @param about what {@code run.json} says besides the results
     */
    TrainingRun(
            RunFolder folder,
            Settings settings,
            TrainingConfig config,
            DeviceDataset dataset,
            Device device,
            Progress progress,
            StopSignal signal,
            ObjectNode about) {
        this.folder = folder;
        this.settings = settings;
        this.config = config;
        this.dataset = dataset;
        this.device = device;
        this.progress = progress;
        this.signal = signal;
        this.about = about;
    }

    /**
     * Begins a new run, once it is clear that it can start, and trains to the end.
     *
     * @return the result; null if a signal stopped it
     */
    @Nullable
    ObjectNode begin() throws IOException {
        try (Trainer trainer = new Trainer(device, dataset, config)) {
            folder.create();
            trainer.save(folder.checkpoint());
            folder.writeConfig(settings);
            return train(trainer);
        }
    }

    /** Goes on from the folder's checkpoint, to the end; returns as {@link #begin} does. */
    @Nullable
    ObjectNode resume() throws IOException {
        FileSystemException unlocked = folder.lockIfWritable();
        try (Trainer trainer = new Trainer(device, dataset, config)) {
            trainer.restore(folder.checkpoint()).forEach(progress::say);
            if (trainer.isFinished() && folder.keepEpochs(config.epochs()) == config.epochs()) {
                progress.say(
                        "The run in " + folder.path() + " is finished: all " + config.epochs() + " epochs are done.");
                ObjectNode run = folder.readRun();
                return run == null ? finish() : run;
            }
            if (unlocked != null) {
                throw unlocked;
            }
            Checkpoint.clean(folder.checkpoint());
            folder.writeConfig(settings);
            progress.say("Going on after epoch " + trainer.epoch() + ", step " + trainer.step() + ".");
            if (folder.keepEpochs(trainer.epoch()) < trainer.epoch() && !completeEpoch(trainer)) {
                return null;
            }
            return train(trainer);
        }
    }

    private @Nullable ObjectNode train(Trainer trainer) throws IOException {
        int every = settings.integer(Key.CHECKPOINT_STEPS);
        EpochResult epoch = null;
        progress.startEpoch();
        while (!trainer.isFinished()) {
            if (signal.isSet()) {
                return stopped();
            }
            epoch = trainer.trainEpoch((e, step, steps) -> {
                progress.step(e, step, steps);
                return !signal.isSet() && (every == 0 || trainer.step() % every != 0);
            });
            trainer.save(folder.checkpoint());
            if (epoch != null) {
                if (!completeEpoch(trainer)) {
                    return null;
                }
                progress.startEpoch();
            }
        }
        return finish();
    }

    /** Evaluates and writes down an epoch that is saved; returns false if a signal stopped it. */
    private boolean completeEpoch(Trainer trainer) throws IOException {
        Evaluation test = trainer.evaluateUnless(signal::isSet);
        if (test == null) {
            stopped();
            return false;
        }
        EpochResult epoch = trainer.lastEpoch();
        progress.epoch(epoch, test);
        folder.append(row(epoch, test));
        return true;
    }

    private @Nullable ObjectNode stopped() {
        progress.say("\nStopped; saved in " + folder.path() + ". Go on with: kib train --resume " + folder.path());
        return null;
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
}
