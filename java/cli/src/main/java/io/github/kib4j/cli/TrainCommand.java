package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Fitting;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.LoadedDataset;
import io.github.kib4j.experiment.Machine;
import io.github.kib4j.experiment.MemoryCheck;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.RulesRun;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.RunRecord;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.SystemMemory;
import io.github.kib4j.experiment.ThreadCount;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.MemoryEstimate.Images;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib train}. */
final class TrainCommand {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REFERENCE = "reference";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    private final ParseResult parsed;
    private final PrintStream out;
    private final Screen screen;
    private final boolean json;

    TrainCommand(ParseResult parsed, PrintStream out, PrintStream err) {
        this.parsed = parsed;
        this.out = out;
        screen = Screen.of(err, parsed.hasMatchedOption("--quiet"));
        json = parsed.hasMatchedOption("--json");
    }

    static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("train").mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description("Trains a network; without options, the quickstart: three rules on generated images.");
        SettingsMixin.addOptions(spec);
        spec.addOption(OptionSpec.builder("--out")
                .type(Path.class)
                .paramLabel("DIR")
                .description("folder of the run (default: a new one under runs/)")
                .build());
        spec.addOption(OptionSpec.builder("--resume")
                .type(Path.class)
                .arity("0..1")
                .fallbackValue("")
                .paramLabel("DIR")
                .description(
                        "go on with the run in DIR (or in --out) from its last checkpoint, as if never interrupted")
                .build());
        spec.addOption(OptionSpec.builder("--quiet")
                .type(boolean.class)
                .arity("0")
                .description("print nothing but results")
                .build());
        spec.addOption(OptionSpec.builder("--json")
                .type(boolean.class)
                .arity("0")
                .description("print the results as one line of JSON, which names the run's folder")
                .build());
        return spec;
    }

    int run() throws IOException {
        try (screen) {
            return runOn();
        }
    }

    private int runOn() throws IOException {
        boolean resume = parsed.hasMatchedOption("--resume");
        SettingsMixin.Merged merged = resume ? SettingsMixin.alone(parsed) : SettingsMixin.merge(parsed);
        Path folder = folder(merged, resume);
        Settings asked = resume ? resumed(folder, merged.given()) : merged.settings();
        if (resume) {
            sayIfOneOfSeveral(folder);
        } else {
            checkWeights(asked);
            checkNew(folder);
        }
        RunPlan plan = new RunPlan(asked);
        List<String> rules = plan.rules();
        List<String> notes = new ArrayList<>();
        LoadedDataset loaded = new LoadedDataset(plan.dataset(notes::add));
        Images images = Images.of(loaded.get());
        String counts = ImageCounts.of(loaded.get());
        Fitting fitting = Fitting.of(asked, images, resume || merged.shaped());
        Settings settings = fitting.settings();
        Map<String, TrainingConfig> trainings = trainings(settings, rules, images, folder);
        new MemoryCheck(settings, images, settings.text(Key.DEVICE), new SystemMemory(Path.of("/")).available())
                .require();
        if (!resume) {
            merged.notes().forEach(this::say);
            fitting.notes().forEach(this::say);
        }
        Devices.Choice choice = choose(settings);
        try (Device device = choice.device();
                DeviceDataset dataset = DeviceDataset.upload(device, loaded.take())) {
            System.gc(); // the device has the images now: Java's copy of them goes back to the system
            choice.passedOver().forEach(reason -> say("Not used: " + reason));
            say(ThreadCount.of(settings).note());
            say(device.description());
            trainings.values().stream()
                    .findFirst()
                    .ifPresent(training -> warnOfPrecision(device, training.precision()));
            notes.forEach(this::say);
            say(dataset.name() + ": " + counts);
            String preset = resume ? RunRecord.preset(new RunFolder(folder).readRun()) : merged.preset();
            return train(trainings, settings, dataset, device, folder, resume, preset);
        }
    }

    /** Returns the rules' trainings. A rule that was given more epochs than the others, by itself, keeps them. */
    private static Map<String, TrainingConfig> trainings(
            Settings settings, List<String> rules, Images images, Path folder) {
        Map<String, TrainingConfig> trainings = new LinkedHashMap<>();
        for (String rule : rules) {
            int own = new RunFolder(folder.resolve(rule)).epochsWanted();
            int epochs = Math.max(own, settings.integer(Key.EPOCHS));
            RunPlan plan = new RunPlan(settings.with(Key.EPOCHS, Integer.toString(epochs)));
            trainings.put(rule, plan.training(rule, images.image(), images.classes()));
        }
        return trainings;
    }

    private void say(@Nullable String line) {
        if (line != null) {
            screen.line(line);
        }
    }

    private static void checkWeights(Settings settings) {
        String weights = settings.text(Key.WEIGHTS);
        if (!weights.isEmpty() && !Files.isRegularFile(path(weights))) {
            throw new UsageException("There is no file " + weights
                    + " to begin from; name a weights.safetensors, for example of a run's checkpoint.");
        }
    }

    private static Path path(String weights) {
        try {
            return Path.of(weights);
        } catch (InvalidPathException e) {
            throw new UsageException("--weights is no name of a file: '" + weights + "'.");
        }
    }

    private void warnOfPrecision(Device device, Precision precision) {
        if (precision == Precision.BF16 && !device.accelerates(precision)) {
            say("Note: this device does not compute bf16 faster than f32.");
        }
    }

    static Devices.Choice choose(Settings settings) {
        String name = settings.choice(Key.DEVICE);
        if (name.equals(Devices.AUTO)) {
            requireFast();
        }
        return Devices.open(name, ThreadCount.of(settings).threads());
    }

    /** Refuses to choose the reference, in which a training takes days instead of minutes, for who did not ask for it. */
    private static void requireFast() {
        List<String> reasons = new ArrayList<>();
        for (DeviceProvider provider : Devices.providers()) {
            Optional<String> reason = provider.unavailable();
            if (reason.isEmpty() && !provider.name().equals(REFERENCE)) {
                return;
            }
            reason.ifPresent(why -> reasons.add(provider.name() + ": " + why.replaceFirst("\\.$", "")));
        }
        String why = reasons.isEmpty() ? "the class path has no kib4j-cpu" : String.join("; ", reasons);
        throw new IllegalArgumentException("No fast device can be used here (" + why
                + "); the reference is many times slower: ask for it with --device reference.");
    }

    private Path folder(SettingsMixin.Merged merged, boolean resume) {
        Path named = parsed.matchedOptionValue("--out", null);
        if (named != null && named.toString().isBlank()) {
            throw new UsageException("--out must name a folder, but is empty.");
        }
        Path resumed = parsed.matchedOptionValue("--resume", null);
        if (resume) {
            if (resumed != null && !resumed.toString().isEmpty()) {
                if (named != null && !named.equals(resumed)) {
                    throw new UsageException(
                            "--resume and --out name two folders; a run goes on in its own: leave out --out.");
                }
                return resumed;
            }
            return Optional.ofNullable(named)
                    .orElseThrow(() -> new UsageException("--resume needs the folder of a run: --resume DIR."));
        }
        if (named != null) {
            return named;
        }
        String preset = merged.preset();
        String title = preset != null ? preset : new RunPlan(merged.settings()).title();
        return Path.of("runs", LocalDateTime.now().format(TIME) + "-" + title);
    }

    /** Refuses a folder that a new run cannot have. */
    private void checkNew(Path folder) throws IOException {
        if (isNamed()) {
            new RunFolder(folder).checkNew();
        } else {
            new RunFolder(folder).checkCreatable();
        }
    }

    private boolean isNamed() {
        return parsed.hasMatchedOption("--out") || parsed.hasMatchedOption("--resume");
    }

    /** Returns the settings of the run in a folder; options may repeat them, raise epochs, and change the machine's. */
    private static Settings resumed(Path folder, Settings given) {
        Path config = new RunFolder(folder).config();
        if (!Files.isRegularFile(config)) {
            throw new UsageException(
                    "There is no run in " + folder + " (it has no config.toml); name the folder of a run.");
        }
        Settings settings = Settings.read(config).settings();
        Settings asked = given.isSet(Key.EPOCHS) ? given.with(Key.EPOCHS, settings.text(Key.EPOCHS)) : given;
        Key changed = asked.conflict(settings);
        if (changed != null) {
            throw new UsageException("--" + changed.title() + " is " + settings.text(changed) + " in the run in "
                    + folder + " and cannot be changed when it is resumed; start a new run for other settings.");
        }
        return asked.onThisMachine(
                given.isSet(Key.EPOCHS) ? moreEpochs(folder, settings, given.integer(Key.EPOCHS)) : settings);
    }

    /** Returns a run's settings with more epochs, or as many. */
    private static Settings moreEpochs(Path folder, Settings settings, int epochs) {
        int before = settings.integer(Key.EPOCHS);
        if (epochs == before) {
            return settings;
        }
        if (epochs < before) {
            throw new UsageException("The run in " + folder + " is of "
                    + Words.count(before, "epoch") + " and can be given more, not fewer (" + epochs
                    + "); stop it when it has done enough, or start a new run.");
        }
        if (new RunPlan(settings).schedule().dependsOnEpochs()) {
            throw new UsageException("The run in " + folder + " cannot be given more epochs, since its schedule "
                    + settings.text(Key.SCHEDULE) + " lowers learning rates towards the end of its " + before
                    + "; start a new run with --epochs " + epochs + ".");
        }
        return settings.with(Key.EPOCHS, Integer.toString(epochs));
    }

    private int train(
            Map<String, TrainingConfig> trainings,
            Settings settings,
            DeviceDataset dataset,
            Device device,
            Path wanted,
            boolean resume,
            @Nullable String preset)
            throws IOException {
        Path folder = isNamed() ? wanted : RunFolder.claim(wanted);
        try (RunFolder whole = new RunFolder(folder);
                StopSignal signal = new StopSignal(this::say)) {
            ObjectNode about = about(device, dataset, settings, preset);
            Optional<Map<String, ObjectNode>> records = new RulesRun(
                            whole, settings, trainings, dataset, device, new Progress(screen, signal::isSet), about)
                    .run(resume);
            screen.close();
            if (records.isEmpty()) {
                reportStop(folder);
                return signal.exitCode();
            }
            report(records.get(), whole, settings, preset);
            return 0;
        } finally {
            if (!isNamed()) {
                new RunFolder(folder).removeIfEmpty();
            }
        }
    }

    private ObjectNode about(Device device, DeviceDataset dataset, Settings settings, @Nullable String preset)
            throws IOException {
        ObjectNode about = JSON.createObjectNode();
        about.put("preset", preset).put("seed", settings.seed()).put("precision", settings.text(Key.PRECISION));
        about.put("command", Invocation.of(parsed.originalArgs().toArray(new String[0])));
        ObjectNode data = about.putObject("data").put("name", dataset.name());
        data.put("train_images", dataset.trainCount()).put("test_images", dataset.testCount());
        data.put("image", dataset.image().toString()).put("checksum", dataset.checksum());
        ArrayNode classes = data.putArray("classes");
        dataset.classNames().forEach(classes::add);
        if (!settings.text(Key.WEIGHTS).isEmpty()) {
            about.put("weights", settings.text(Key.WEIGHTS));
        }
        new Machine(Path.of("/")).describe(about);
        int threads = ThreadCount.of(settings).threads();
        about.put("device", device.description());
        return about.put("threads", threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
    }

    /** Says where a stopped run is, and the command that goes on with all of it. */
    private void reportStop(Path folder) {
        say("Stopped; saved in " + folder + ". Go on with: " + Invocation.of("train", "--resume", folder.toString()));
        if (json) {
            out.println(JSON.createObjectNode().put("folder", folder.toString()).put("state", "interrupted"));
        }
    }

    /** Says which run a rule's folder is part of: going on with the one rule leaves the others. */
    private void sayIfOneOfSeveral(Path folder) {
        Path above = folder.toAbsolutePath().normalize().getParent();
        if (above == null || !Files.isRegularFile(new RunFolder(above).config())) {
            return;
        }
        try {
            List<String> rules =
                    new RunPlan(Settings.read(new RunFolder(above).config()).settings()).rules();
            if (rules.size() > 1
                    && rules.contains(
                            String.valueOf(folder.toAbsolutePath().normalize().getFileName()))) {
                Path run = Optional.ofNullable(folder.normalize().getParent()).orElse(above);
                say("Note: this is one of " + rules.size() + " rules of the run in " + run
                        + "; all of them go on with: " + Invocation.of("train", "--resume", run.toString()));
            }
        } catch (UsageException e) {
            // Somebody's configuration, but no run's.
        }
    }

    private void report(Map<String, ObjectNode> records, RunFolder folder, Settings settings, @Nullable String preset) {
        if (json) {
            out.println(asJson(records, folder.path()));
            return;
        }
        out.printf(
                Locale.ROOT,
                "%-10s %14s %15s %10s %9s%n",
                "rule",
                "test accuracy",
                "train accuracy",
                "images/s",
                "training");
        records.forEach((rule, result) -> out.printf(
                Locale.ROOT,
                "%-10s %14s %15s %,10.0f %9s%n",
                rule,
                RunFolder.percent(result.get("test_accuracy").asDouble()),
                RunFolder.percent(result.get("train_accuracy").asDouble()),
                result.get("train_images_per_second").asDouble(),
                Progress.duration(result.get("train_seconds").asDouble())));
        Reading.of(records).ifPresent(out::println);
        double paper = preset == null ? Double.NaN : new Presets().paperAccuracy(preset);
        if (!Double.isNaN(paper)) {
            out.println("The paper reports " + paper + " % for this run after "
                    + new Presets().get(preset == null ? "" : preset).text(Key.EPOCHS) + " epochs (this one: "
                    + settings.text(Key.EPOCHS) + ").");
        }
        out.println("Run folder: " + folder.path());
    }

    /** Returns one object: the folder and the record of its rule, or the folder and a record for each rule. */
    private static ObjectNode asJson(Map<String, ObjectNode> records, Path folder) {
        ObjectNode all = JSON.createObjectNode().put("folder", folder.toString());
        if (records.size() == 1) {
            return all.setAll(
                    RunRecord.withoutSessions(records.values().iterator().next()));
        }
        ObjectNode rules = all.putObject("rules");
        records.forEach((rule, record) -> rules.set(
                rule,
                JSON.createObjectNode()
                        .put("folder", folder.resolve(rule).toString())
                        .setAll(RunRecord.withoutSessions(record))));
        return all;
    }
}
