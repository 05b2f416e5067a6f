package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Trains by one rule, into one folder. */
record TrainingRun(
        RunFolder folder,
        Settings settings,
        TrainingConfig config,
        Means means,
        RunRecord record,
        Start start,
        LayerFigures figures,
        EventFiles events) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** In percent, of the mean of an image's logits and its mirror image's. */
    static final String FLIPS = "test_accuracy_with_flips";

    /** In percent, of the weights as they are, where their average is evaluated. */
    static final String CURRENT = "current_test_accuracy";

    /** Prepares the training. */
    TrainingRun(
            RunFolder folder, Settings settings, TrainingConfig config, Means means, RunRecord record, Start start) {
        this(
                folder,
                settings,
                config,
                means,
                record,
                start,
                new LayerFigures(settings, means.listener()),
                new EventFiles(folder.tensorBoard(), folder.metrics(), settings, means.listener()));
    }

    /** Told when it is clear that a run begins or goes on, before anything is written. */
    interface Start {
        /** Does what must be done before. */
        void run() throws IOException;
    }

    /**
     * Begins a new run, once it is clear that it can start, and trains to the end.
     *
     * @return the run's record with its results; null if a signal stopped it
     */
    @Nullable
    ObjectNode begin() throws IOException {
        try (Trainer trainer = new Trainer(means.device(), means.dataset(), config)) {
            if (!settings.text(Key.WEIGHTS).isEmpty()) {
                trainer.begin(Path.of(settings.text(Key.WEIGHTS)));
            }
            start.run();
            folder.create();
            trainer.save(folder.checkpoint());
            record.begin();
            folder.writeConfig(settings);
            return recorded(() -> train(trainer));
        }
    }

    /** Goes on from the folder's checkpoint, to the end; returns as {@link #begin} does. */
    @Nullable
    ObjectNode resume() throws IOException {
        FileSystemException unlocked = folder.lockIfWritable();
        try (Trainer trainer = new Trainer(means.device(), means.dataset(), config)) {
            trainer.restore(folder.checkpoint()).forEach(means.listener()::say);
            if (unlocked == null) {
                folder.clean(trainer.step());
            }
            ObjectNode before = folder.readRun();
            int epochs = folder.metrics().keepEpochs(trainer.epoch());
            events.catchUp();
            if (trainer.isFinished() && epochs == trainer.epoch() && RunRecord.isFinished(before)) {
                means.listener()
                        .say("The run in " + folder.path() + " is finished: " + Words.count(config.epochs(), "epoch")
                                + (config.epochs() == 1 ? " is" : " are") + " done.");
                return before;
            }
            if (unlocked != null) {
                throw unlocked;
            }
            start.run();
            record.resume();
            folder.writeConfig(settings);
            folder.raiseEpochs(config.epochs());
            return recorded(() -> {
                means.listener().say("Going on after epoch " + trainer.epoch() + ", step " + trainer.step() + ".");
                return epochs < trainer.epoch() && !completeEpoch(trainer) ? null : train(trainer);
            });
        }
    }

    private interface Work {
        @Nullable
        ObjectNode run() throws IOException;
    }

    /** Works, and writes down how that ended. */
    private @Nullable ObjectNode recorded(Work work) throws IOException {
        try {
            ObjectNode results = work.run();
            if (results != null) {
                return record.finish(results);
            }
            record.stop();
            return null;
        } catch (IOException | RuntimeException | Error e) {
            record.fail(e);
            throw e;
        }
    }

    private @Nullable ObjectNode train(Trainer trainer) throws IOException {
        if (!trainer.isFinished()) {
            trainer.compile();
            record.decide(means.tellDecisions(settings.text(Key.PRECISION)));
        }
        int every = settings.integer(Key.CHECKPOINT_STEPS);
        means.listener().startEpoch();
        while (!trainer.isFinished()) {
            if (means.listener().stops()) {
                return null;
            }
            EpochResult epoch = trainer.trainEpoch((e, step, steps) -> {
                means.listener().step(e, step, steps);
                return !means.listener().stops() && (every == 0 || trainer.step() % every != 0);
            });
            trainer.save(folder.checkpoint());
            if (epoch != null) {
                if (!completeEpoch(trainer)) {
                    return null;
                }
                means.listener().startEpoch();
            }
        }
        return results();
    }

    /** Evaluates and writes down an epoch that is saved; returns false if a signal stopped it. */
    private boolean completeEpoch(Trainer trainer) throws IOException {
        Evaluation test = trainer.evaluate((done, images) -> {
            means.listener().testing(trainer.epoch(), done, images);
            return !means.listener().stops();
        });
        if (test == null) {
            return false;
        }
        EpochResult epoch = trainer.lastEpoch();
        means.listener().epoch(epoch, test);
        ObjectNode row = row(epoch, test);
        figures.add(row, trainer, epoch.seconds());
        folder.metrics().append(row);
        events.catchUp();
        return true;
    }

    private ObjectNode row(EpochResult epoch, Evaluation test) {
        ObjectNode row = JSON.createObjectNode();
        row.put("epoch", epoch.epoch())
                .put("time", RunRecord.now())
                .put("seconds", epoch.seconds())
                .put("train_images_per_second", epoch.imagesPerSecond());
        if (Double.isFinite(epoch.speedOfLight())) {
            row.put("speed_of_light", epoch.speedOfLight());
        }
        // Where nothing learns at this rate, there is none.
        row.put("lr_local", config.rule().hasLocalLosses() ? Double.valueOf(epoch.localRate()) : null);
        row.put("lr_readout", epoch.readoutRate());
        ArrayNode losses = row.putArray("local_losses");
        epoch.localLosses().forEach(losses::add);
        row.put("readout_loss", epoch.readoutLoss())
                .put("train_accuracy", epoch.accuracy())
                .put("test_loss", test.loss())
                .put("test_accuracy", test.accuracy());
        addBeside(row, test);
        return row.put("peak_rss_bytes", new Machine(Path.of("/")).peakMemory());
    }

    /** Adds what stands beside the accuracy, where it was asked for: that of mirrored images too, and of weights that are not averaged. */
    static void addBeside(ObjectNode to, Evaluation test) {
        if (test.accuracyWithFlips() != null) {
            to.put(FLIPS, test.accuracyWithFlips());
        }
        Evaluation current = test.current();
        if (current != null) {
            to.put(CURRENT, current.accuracy()).put("current_test_loss", current.loss());
        }
    }

    private ObjectNode results() throws IOException {
        figures.sayCost();
        List<JsonNode> epochs = folder.metrics().epochs();
        JsonNode last = epochs.get(epochs.size() - 1);
        ObjectNode results = JSON.createObjectNode();
        for (String name :
                List.of("test_accuracy", "test_loss", FLIPS, CURRENT, "current_test_loss", "train_accuracy")) {
            if (last.has(name)) { // the last epoch's line may be of a version that had no test loss
                results.put(name, last.get(name).asDouble());
            }
        }
        double seconds =
                epochs.stream().mapToDouble(e -> e.get("seconds").asDouble()).sum();
        results.put("epochs", epochs.size()).put("train_seconds", seconds);
        double[] speeds = epochs.stream()
                .mapToDouble(e -> e.get("train_images_per_second").asDouble())
                .sorted()
                .toArray();
        results.put("train_images_per_second", speeds[speeds.length / 2]);
        return results.put("peak_rss_bytes", new Machine(Path.of("/")).peakMemory());
    }
}
