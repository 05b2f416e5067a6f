package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.train.Checkpoint;
import io.github.kib4j.train.CheckpointException;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.MemoryEstimate.Images;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.io.PrintStream;
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
    private final PrintStream err;
    private final boolean quiet;
    private final boolean json;

    TrainCommand(ParseResult parsed, PrintStream out, PrintStream err) {
        this.parsed = parsed;
        this.out = out;
        this.err = err;
        quiet = parsed.hasMatchedOption("--quiet");
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
                .description("no progress")
                .build());
        spec.addOption(OptionSpec.builder("--json")
                .type(boolean.class)
                .arity("0")
                .description("print the results as JSON")
                .build());
        return spec;
    }

    int run() throws IOException {
        boolean resume = parsed.hasMatchedOption("--resume");
        SettingsMixin.Merged merged = SettingsMixin.merge(parsed);
        Path folder = folder(merged, resume);
        Settings asked = resume ? resumed(folder, merged.given()) : merged.settings();
        if (!resume) {
            new RunFolder(folder).checkNew();
        }
        RunPlan plan = new RunPlan(asked);
        List<String> rules = plan.rules();
        List<String> notes = new ArrayList<>();
        LoadedDataset loaded = new LoadedDataset(plan.dataset(notes::add));
        Images images = Images.of(loaded.get());
        Fitting fitting = Fitting.of(asked, images, resume || merged.shaped());
        Settings settings = fitting.settings();
        Map<String, TrainingConfig> trainings = trainings(new RunPlan(settings), rules, images);
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
            say(
                    device.name().equals(REFERENCE)
                            ? null
                            : ThreadCount.of(settings).note());
            say(device.description());
            trainings.values().stream()
                    .findFirst()
                    .ifPresent(training -> warnOfPrecision(device, training.precision()));
            notes.forEach(this::say);
            say(SummaryCommand.describe(dataset.name(), images));
            return train(trainings, settings, dataset, device, folder, resume, merged.preset());
        }
    }

    private static Map<String, TrainingConfig> trainings(RunPlan plan, List<String> rules, Images images) {
        Map<String, TrainingConfig> trainings = new LinkedHashMap<>();
        rules.forEach(rule -> trainings.put(rule, plan.training(rule, images.image(), images.classes())));
        return trainings;
    }

    private void say(@Nullable String line) {
        if (!quiet && line != null) {
            err.println(line);
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

    /** Returns the settings of the run in a folder; options may repeat them, and change those of the machine. */
    private static Settings resumed(Path folder, Settings given) {
        Path config = new RunFolder(folder).config();
        if (!Files.isRegularFile(config)) {
            throw new UsageException(
                    "There is no run in " + folder + " (it has no config.toml); name the folder of a run.");
        }
        Settings settings = Settings.read(config).settings();
        Key changed = given.conflict(settings);
        if (changed != null) {
            throw new UsageException("--" + changed.title() + " is " + settings.text(changed) + " in the run in "
                    + folder + " and cannot be changed when it is resumed; start a new run for other settings.");
        }
        return given.onThisMachine(settings);
    }

    private int train(
            Map<String, TrainingConfig> trainings,
            Settings settings,
            DeviceDataset dataset,
            Device device,
            Path folder,
            boolean resume,
            @Nullable String preset)
            throws IOException {
        Map<String, ObjectNode> results = new LinkedHashMap<>();
        try (RunFolder whole = new RunFolder(folder);
                StopSignal signal = new StopSignal(this::say)) {
            boolean single = trainings.size() == 1;
            if (resume && single && !Checkpoint.exists(whole.checkpoint())) {
                throw new CheckpointException("There is no checkpoint in " + whole.checkpoint()
                        + "; restore it, or start a new run in another folder.");
            }
            if (!single) {
                prepare(whole, settings, resume);
            }
            for (Map.Entry<String, TrainingConfig> training : trainings.entrySet()) {
                String rule = training.getKey();
                try (RunFolder own = single ? whole : new RunFolder(folder.resolve(rule))) {
                    TrainingRun run = new TrainingRun(
                            own,
                            settings.with(Key.RULE, rule),
                            training.getValue(),
                            dataset,
                            device,
                            progress(rule, training.getValue()),
                            signal,
                            about(device, settings));
                    ObjectNode result = resume && Checkpoint.exists(own.checkpoint()) ? run.resume() : run.begin();
                    if (result == null) {
                        return signal.exitCode();
                    }
                    results.put(rule, result);
                }
            }
            report(results, whole, settings, preset);
        }
        return 0;
    }

    private Progress progress(String rule, TrainingConfig training) {
        return new Progress(err, quiet, System.console() != null, rule, training.epochs(), training.batch());
    }

    /** Makes and locks the folder that holds those of several rules. */
    private static void prepare(RunFolder whole, Settings settings, boolean resume) throws IOException {
        if (resume) {
            whole.lockIfWritable();
        } else {
            whole.create();
            whole.writeConfig(settings);
        }
    }

    private ObjectNode about(Device device, Settings settings) {
        ObjectNode about = JSON.createObjectNode();
        about.put("version", Kib.VERSION).put("java", System.getProperty("java.version"));
        about.put("device", device.description()).put("precision", settings.text(Key.PRECISION));
        return about.put("command", "kib " + String.join(" ", parsed.originalArgs()));
    }

    private void report(Map<String, ObjectNode> results, RunFolder folder, Settings settings, @Nullable String preset)
            throws IOException {
        ObjectNode summary = JSON.createObjectNode();
        results.forEach(summary::set);
        if (results.size() > 1) {
            folder.writeSummary(summary);
        }
        if (json) {
            out.println(JSON.writerWithDefaultPrettyPrinter()
                    .writeValueAsString(
                            results.size() == 1 ? results.values().iterator().next() : summary));
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
        results.forEach((rule, result) -> out.printf(
                Locale.ROOT,
                "%-10s %14s %15s %,10.0f %9s%n",
                rule,
                RunFolder.percent(result.get("test_accuracy").asDouble()),
                RunFolder.percent(result.get("train_accuracy").asDouble()),
                result.get("train_images_per_second").asDouble(),
                Progress.duration(result.get("train_seconds").asDouble())));
        Reading.of(results).ifPresent(out::println);
        double paper = preset == null ? Double.NaN : new Presets().paperAccuracy(preset);
        if (!Double.isNaN(paper)) {
            out.println("The paper reports " + paper + " % for this run after "
                    + new Presets().get(preset == null ? "" : preset).text(Key.EPOCHS) + " epochs (this one: "
                    + settings.text(Key.EPOCHS) + ").");
        }
        out.println("Run folder: " + folder.path());
    }
}
