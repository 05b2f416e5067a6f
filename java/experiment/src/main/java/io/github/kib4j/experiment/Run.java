package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.DeviceDataset.Sizes;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A run: an experiment that is trained, by one rule or by several one after the other, into a folder. */
public final class Run {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    private final Experiment experiment;
    private final boolean resume;
    private final boolean named;
    private Path folder;

    private Run(Experiment experiment, Path folder, boolean resume, boolean named) {
        this.experiment = experiment;
        this.folder = folder;
        this.resume = resume;
        this.named = named;
    }

    /**
     * Prepares a new run; nothing is written yet.
     *
     * @param experiment what to train
     * @param folder new, empty, or with what a killed process left of a beginning; null for a new one below {@code runs}
     * @return the run
     * @throws UsageException if the experiment names what does not exist, or the folder cannot be the run's
     * @throws IOException if the folder cannot be looked at or made
     */
    public static Run begin(Experiment experiment, @Nullable Path folder) throws IOException {
        Path place =
                folder != null ? folder : Path.of("runs", LocalDateTime.now().format(TIME) + "-" + title(experiment));
        new RunPlan(experiment.settings()).checkWeights();
        if (folder != null) {
            new RunFolder(place).checkNew();
        } else {
            new RunFolder(place).checkCreatable();
        }
        return new Run(experiment, place, false, folder != null);
    }

    private static String title(Experiment experiment) {
        return experiment.preset() != null ? experiment.preset() : new RunPlan(experiment.settings()).title();
    }

    /**
     * Prepares to go on with a run, from its newest checkpoint and as if it had never been interrupted.
     *
     * @param folder of the run
     * @param given settings that repeat the run's, give it more epochs, or are of the machine: they replace the run's
     * @return the run
     * @throws UsageException if the folder is no run's, or other settings differ
     * @throws IOException if the run's record cannot be read
     */
    public static Run resume(Path folder, Settings given) throws IOException {
        RunFolder run = new RunFolder(folder);
        String preset = RunRecord.preset(run.readRun());
        return new Run(new Experiment(run.resumed(given), preset, List.of(), true), folder, true, true);
    }

    /** {@return the folder; of a new run below {@code runs} its name is certain once training has begun} */
    public Path folder() {
        return folder;
    }

    /** {@return what is trained} */
    public Experiment experiment() {
        return experiment;
    }

    /**
     * Trains to the end, each rule from the start or from its newest checkpoint.
     *
     * @param command how the run is begun or gone on with, for its record
     * @param listener is told how it goes
     * @return by the rules' names the records with their results; empty if the listener stopped the run, which is saved
     * @throws UsageException if the settings do not fit each other, the data or the memory
     * @throws OutOfDeviceMemoryException if another process takes the device's memory meanwhile; what was saved stands
     * @throws io.github.kib4j.datasets.DatasetException if the data are missing or damaged
     * @throws IOException if the run's folder cannot be written, or another process trains into it
     */
    public Optional<Map<String, ObjectNode>> train(String command, RunListener listener) throws IOException {
        if (resume) {
            sayIfOneOfSeveral(listener);
        }
        RunPlan plan = new RunPlan(experiment.settings());
        List<String> rules = plan.rules();
        List<String> notes = new ArrayList<>();
        // Let go of while this method still runs: the device has the images then.
        List<Dataset> loaded = new ArrayList<>(List.of(plan.dataset(notes::add)));
        Sizes images = Sizes.of(loaded.get(0));
        notes.add(loaded.get(0).name() + ": " + ImageCounts.of(loaded.get(0)));
        Experiment fitted = experiment.fitted(images);
        Settings settings = fitted.settings();
        Map<String, TrainingConfig> trainings = trainings(settings, rules, images);
        Devices.Choice choice = new RunPlan(settings).device();
        try (Device device = choice.device()) {
            new MemoryCheck(settings, images, device).require();
            if (!resume) {
                fitted.notes().forEach(listener::say);
            }
            try (DeviceDataset dataset = DeviceDataset.upload(device, loaded.remove(0))) {
                System.gc(); // Java's copy of the images goes back to the system
                choice.passedOver().forEach(reason -> listener.say("Not used: " + reason));
                Optional.ofNullable(ThreadCount.of(settings).note()).ifPresent(listener::say);
                listener.say(device.description());
                if (settings.text(Key.PRECISION).equals("bf16") && !device.accelerates(Precision.BF16)) {
                    listener.say("Note: this device does not compute bf16 faster than f32.");
                }
                notes.forEach(listener::say);
                return train(settings, trainings, new Means(device, dataset, listener), command);
            } catch (OutOfDeviceMemoryException e) {
                throw goesOn(e);
            }
        }
    }

    /** Returns what happened with the command that goes on with the run, where it has begun: its checkpoints stand. */
    private OutOfDeviceMemoryException goesOn(OutOfDeviceMemoryException e) {
        return Files.isRegularFile(new RunFolder(folder).config())
                ? new OutOfDeviceMemoryException(e.getMessage() + " The last checkpoint stands; go on with: "
                        + Invocation.of("train", "--resume", folder.toString()) + ".")
                : e;
    }

    /** Returns the rules' trainings. A rule that was given more epochs than the others, by itself, keeps them. */
    private Map<String, TrainingConfig> trainings(Settings settings, List<String> rules, Sizes images) {
        Map<String, TrainingConfig> trainings = new LinkedHashMap<>();
        for (String rule : rules) {
            int own = new RunFolder(folder.resolve(rule)).epochsWanted();
            int epochs = Math.max(own, settings.integer(Key.EPOCHS));
            RunPlan plan = new RunPlan(settings.with(Key.EPOCHS, Integer.toString(epochs)));
            trainings.put(rule, plan.training(rule, images.image(), images.classes()));
        }
        return trainings;
    }

    private Optional<Map<String, ObjectNode>> train(
            Settings settings, Map<String, TrainingConfig> trainings, Means means, String command) throws IOException {
        folder = named ? folder : RunFolder.claim(folder);
        try (RunFolder whole = new RunFolder(folder)) {
            means.listener().start(folder);
            RunRecord record = new RunRecord(whole, about(settings, means.device(), means.dataset(), command));
            return new RulesRun(whole, settings, trainings, means, record).run(resume);
        } finally {
            if (!named) {
                new RunFolder(folder).removeIfEmpty();
            }
        }
    }

    private ObjectNode about(Settings settings, Device device, DeviceDataset dataset, String command) {
        ObjectNode about = new ObjectMapper().createObjectNode();
        about.put("preset", experiment.preset()).put("seed", settings.seed());
        about.put("precision", settings.text(Key.PRECISION)).put("command", command);
        ObjectNode data = about.putObject("data").put("name", dataset.name());
        data.put("train_images", dataset.trainCount()).put("test_images", dataset.testCount());
        data.put("image", dataset.image().toString())
                .put("numbers", dataset.type() == DataType.U8 ? "bytes" : "floats")
                .put("checksum", dataset.checksum());
        ArrayNode classes = data.putArray("classes");
        dataset.classNames().forEach(classes::add);
        if (!settings.text(Key.WEIGHTS).isEmpty()) {
            about.put("weights", settings.text(Key.WEIGHTS));
        }
        new Machine(Path.of("/")).describe(about);
        int threads = ThreadCount.of(settings).threads();
        about.put("device", device.description());
        about.put("threads", threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
        Extensions.describe(about);
        return about.put("rule", settings.text(Key.RULE));
    }

    /** Says which run a rule's folder is part of: going on with the one rule leaves the others. */
    private void sayIfOneOfSeveral(RunListener listener) {
        Path own = folder.toAbsolutePath().normalize();
        Path above = own.getParent();
        if (above == null || !Files.isRegularFile(new RunFolder(above).config())) {
            return;
        }
        try {
            List<String> rules = new RunPlan(new RunFolder(above).settings()).rules();
            if (rules.size() > 1 && rules.contains(String.valueOf(own.getFileName()))) {
                Path run = Optional.ofNullable(folder.normalize().getParent()).orElse(above);
                listener.say("Note: this is one of " + rules.size() + " rules of the run in " + run
                        + "; all of them go on with: " + Invocation.of("train", "--resume", run.toString()));
            }
        } catch (UsageException e) {
            // Somebody's configuration, but no run's.
        }
    }
}
