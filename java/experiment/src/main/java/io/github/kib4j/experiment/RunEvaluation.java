package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.DeviceDataset.Sizes;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a rule's newest checkpoint does on the test images.
 *
 * @param folder of the rule
 * @param epoch after which the checkpoint was saved, from 1; 0 before the first
 * @param evaluation of all images
 * @param classes class by class
 */
public record RunEvaluation(Path folder, int epoch, Evaluation evaluation, ClassCounts classes) {
    /**
     * Evaluates a run.
     *
     * @param run its folder, or that of one of its rules
     * @param given settings of the machine or the data that replace the run's
     * @param predictions a file for label, prediction and probabilities of each image of the one rule there is; null for none
     * @param listener is told how it goes
     * @return by the rules' names, of those that have a checkpoint
     * @throws UsageException if the folder is no run's, nothing is there to evaluate, or the file cannot be written so
     * @throws io.github.kib4j.datasets.DatasetException if the data are missing or damaged
     * @throws IOException if a checkpoint cannot be read, or the file not be written
     */
    public static Map<String, RunEvaluation> of(
            Path run, Settings given, @Nullable Path predictions, RunListener listener) throws IOException {
        Settings settings = new RunFolder(run).settings().setAll(given);
        RunPlan plan = new RunPlan(settings);
        Map<String, RunFolder> folders = folders(run, plan.rules(), listener);
        if (predictions != null) {
            check(predictions, run, folders);
        }
        // Let go of while this method still runs: the device has the images then.
        Path first = folders.values().iterator().next().checkpoint();
        Path file = testFile(run, given);
        List<Dataset> loaded = new ArrayList<>(
                List.of(file == null ? dataset(plan, first, listener) : tests(plan, file, first, listener)));
        Sizes images = Sizes.of(loaded.get(0));
        // Refused before a device is opened.
        folders.keySet().forEach(rule -> plan.training(rule, images.image(), images.classes()));
        Optional.ofNullable(ThreadCount.of(settings).note()).ifPresent(listener::say);
        Map<String, RunEvaluation> results = new LinkedHashMap<>();
        try (Device device = plan.device().device();
                DeviceDataset dataset = DeviceDataset.upload(device, loaded.remove(0))) {
            for (Map.Entry<String, RunFolder> rule : folders.entrySet()) {
                TrainingConfig config = plan.training(rule.getKey(), dataset.image(), dataset.classes());
                listener.begin(rule.getKey(), config);
                try (Trainer trainer = new Trainer(device, dataset, config)) {
                    results.put(rule.getKey(), of(rule.getValue(), trainer, dataset, predictions, listener));
                }
            }
        }
        return results;
    }

    /** Returns the file to test on that is given in place of the run's data; null where none is, or the run's own. */
    private static @Nullable Path testFile(Path run, Settings given) {
        if (!given.isSet(Key.DATA)) {
            return null;
        }
        Path place = RunPlan.data(given.text(Key.DATA));
        String own = new RunFolder(run).settings().text(Key.DATA);
        boolean same = !own.isEmpty() && RunPlan.data(own).toAbsolutePath().equals(place.toAbsolutePath());
        return !same && Datasets.isTestFile(place) ? place : null;
    }

    /** Returns the run's data set, normalized as its network was trained. */
    private static Dataset dataset(RunPlan plan, Path checkpoint, RunListener listener) throws IOException {
        Dataset dataset = plan.dataset(listener::say);
        return Checkpoint.exists(checkpoint)
                ? Checkpoint.input(checkpoint)
                        .filter(input -> input.shape().equals(dataset.train().image()))
                        .map(input -> dataset.withNormalization(input.mean(), input.deviation()))
                        .orElse(dataset)
                : dataset;
    }

    /** Returns the samples of a file as what is tested on; what is trained on is not asked for. */
    private static Dataset tests(RunPlan plan, Path file, Path checkpoint, RunListener listener) throws IOException {
        SavedModel saved = Checkpoint.readModel(checkpoint);
        Input input = saved.input();
        List<String> names = saved.classNames();
        if (input == null || names == null) {
            throw new UsageException("The checkpoint in " + checkpoint + " is of a version that did not write down what"
                    + " its network reads, so that --data cannot be " + file + "; train the run anew.");
        }
        ImageSet test = Datasets.test(file, plan.columns(), input.shape(), names, listener::say);
        if (test.pixels().type() != input.type()) {
            throw new UsageException("The network learned from " + numbers(input.type()) + ", but " + file + " has "
                    + numbers(test.pixels().type()) + "; give it the like of what it learned.");
        }
        int limit = plan.settings().integer(Key.LIMIT_TEST);
        ImageSet limited = limit == 0 ? test : test.first(limit);
        String name = String.valueOf(file.getFileName());
        return new Dataset(name, limited.select(name, new int[2]), limited, input.mean(), input.deviation(), 0, false);
    }

    private static String numbers(DataType type) {
        return type == DataType.U8 ? "bytes" : "floats";
    }

    /** Returns the folders of the rules that have a checkpoint; of a run of one rule its own, whatever it has. */
    private static Map<String, RunFolder> folders(Path run, List<String> rules, RunListener listener)
            throws IOException {
        if (rules.size() == 1) {
            return Map.of(rules.get(0), new RunFolder(run));
        }
        Map<String, RunFolder> folders = new LinkedHashMap<>();
        for (String rule : rules) {
            RunFolder own = new RunFolder(run.resolve(rule));
            if (Checkpoint.exists(own.checkpoint())) {
                folders.put(rule, own);
            } else {
                listener.say("Not evaluated: " + rule + ", which has no checkpoint yet; go on with: "
                        + Invocation.of("train", "--resume", run.toString()));
            }
        }
        if (folders.isEmpty()) {
            throw new UsageException("No rule of the run in " + run + " has a checkpoint; go on with it first.");
        }
        return folders;
    }

    private static void check(Path predictions, Path run, Map<String, RunFolder> folders) {
        if (folders.size() > 1) {
            throw new UsageException("--predictions is of one rule, but the run in " + run
                    + " has several; name one of its folders: " + String.join(", ", folders.keySet()) + ".");
        }
        Path above = predictions.toAbsolutePath().getParent();
        if (predictions.toString().isBlank()
                || Files.isDirectory(predictions)
                || above == null
                || !Files.isDirectory(above)) {
            throw new UsageException(
                    "--predictions must name a file in a folder that exists, but is '" + predictions + "'.");
        }
    }

    /** {@return what is said of the evaluation beside its accuracy, as in the run's metrics} */
    public ObjectNode beside() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        TrainingRun.addBeside(node, evaluation);
        return node;
    }

    private static RunEvaluation of(
            RunFolder folder, Trainer trainer, DeviceDataset dataset, @Nullable Path predictions, RunListener listener)
            throws IOException {
        List<String> names = dataset.classNames();
        Checkpoint.Restored restored = trainer.readWeights(folder.checkpoint());
        restored.passedOver().forEach(listener::say);
        int epoch = restored.progress().epoch();
        ClassCounts classes = new ClassCounts(names);
        try (PredictionsFile file = predictions == null ? null : new PredictionsFile(predictions, names)) {
            Evaluation evaluation = trainer.predict((first, labels, logits) -> {
                listener.testing(epoch, first, dataset.testCount());
                classes.add(labels, logits);
                if (file != null) {
                    file.add(first, labels, logits);
                }
            });
            if (file != null) {
                file.finish();
            }
            return new RunEvaluation(folder.path(), epoch, evaluation, classes);
        }
    }
}
