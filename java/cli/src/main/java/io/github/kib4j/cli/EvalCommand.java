package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.experiment.ClassCounts;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.LoadedDataset;
import io.github.kib4j.experiment.PredictionsFile;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.ThreadCount;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.op.Device;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib eval}: the accuracy of a run's checkpoint on the test images, of all rules of a run that has several. */
final class EvalCommand {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PREDICTIONS = "--predictions";
    private static final List<Key> OF_THE_MACHINE = List.of(Key.DATA, Key.DEVICE, Key.THREADS, Key.LIMIT_TEST);

    private final ParseResult parsed;
    private final PrintStream out;
    private final Screen screen;
    private final Path path;

    private EvalCommand(ParseResult parsed, PrintStream out, Screen screen) {
        this.parsed = parsed;
        this.out = out;
        this.screen = screen;
        path = parsed.matchedPositionalValue(0, Path.of(""));
    }

    static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("eval").mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description(
                        "Evaluates a run's checkpoint on its test images, all of them and class by class; all rules"
                                + " of a run that has several.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .type(Path.class)
                .paramLabel("RUN")
                .description("folder of a run, or of one of its rules")
                .required(true)
                .build());
        for (Key key : OF_THE_MACHINE) {
            spec.addOption(OptionSpec.builder("--" + key.title())
                    .type(String.class)
                    .paramLabel(key.type().label())
                    .description(key.help())
                    .build());
        }
        spec.addOption(OptionSpec.builder(PREDICTIONS)
                .type(Path.class)
                .paramLabel("FILE.csv")
                .description("write label, prediction and probabilities (softmax of the logits) of each test image")
                .build());
        spec.addOption(OptionSpec.builder("--json")
                .type(boolean.class)
                .arity("0")
                .description("print the result as one line of JSON")
                .build());
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        try (Screen screen = Screen.of(err, false)) {
            return new EvalCommand(parsed, out, screen).run();
        }
    }

    /** What a rule's checkpoint does on the test images. */
    private record Result(RunFolder folder, int epoch, Evaluation evaluation, ClassCounts classes) {}

    private int run() throws IOException {
        RunFolder folder = new RunFolder(path);
        if (!Files.isRegularFile(folder.config())) {
            throw new UsageException("There is no run in " + path
                    + " (it has no config.toml); name the folder of a run, or of one of its rules.");
        }
        Settings settings = settings(folder);
        RunPlan plan = new RunPlan(settings);
        Map<String, RunFolder> folders = folders(folder, plan.rules());
        Path predictions = predictions(folders);
        LoadedDataset loaded = new LoadedDataset(plan.dataset(screen::line));
        Map<String, TrainingConfig> trainings = new LinkedHashMap<>();
        folders.keySet()
                .forEach(rule -> trainings.put(
                        rule,
                        plan.training(
                                rule,
                                loaded.get().train().image(),
                                loaded.get().train().classes())));
        Optional.ofNullable(ThreadCount.of(settings).note()).ifPresent(screen::line);
        Map<String, Result> results = new LinkedHashMap<>();
        try (Device device = TrainCommand.choose(settings).device();
                DeviceDataset dataset = DeviceDataset.upload(device, loaded.take())) {
            for (Map.Entry<String, RunFolder> rule : folders.entrySet()) {
                TrainingConfig training = plan.training(rule.getKey(), dataset.image(), dataset.classes());
                results.put(
                        rule.getKey(),
                        evaluate(rule.getValue(), rule.getKey(), training, device, dataset, predictions));
            }
        }
        screen.close();
        if (parsed.hasMatchedOption("--json")) {
            out.println(asJson(results));
        } else {
            print(results);
        }
        return 0;
    }

    private Settings settings(RunFolder folder) {
        Settings settings = Settings.read(folder.config()).settings();
        for (Key key : OF_THE_MACHINE) {
            String value = parsed.matchedOptionValue("--" + key.title(), null);
            if (value != null) {
                settings.set(key, value);
            }
        }
        return settings;
    }

    /** Returns the folders of the rules that have a checkpoint; of a run of one rule its own, whatever it has. */
    private Map<String, RunFolder> folders(RunFolder folder, List<String> rules) throws IOException {
        if (rules.size() == 1) {
            return Map.of(rules.get(0), folder);
        }
        Map<String, RunFolder> folders = new LinkedHashMap<>();
        for (String rule : rules) {
            RunFolder own = new RunFolder(path.resolve(rule));
            if (Checkpoint.exists(own.checkpoint())) {
                folders.put(rule, own);
            } else {
                screen.line("Not evaluated: " + rule + ", which has no checkpoint yet; go on with: "
                        + Invocation.of("train", "--resume", path.toString()));
            }
        }
        if (folders.isEmpty()) {
            throw new UsageException("No rule of the run in " + path + " has a checkpoint; go on with it first.");
        }
        return folders;
    }

    /** Returns where to write predictions, which are those of one rule; null for nowhere. */
    private @Nullable Path predictions(Map<String, RunFolder> folders) {
        Path file = parsed.matchedOptionValue(PREDICTIONS, null);
        if (file == null) {
            return null;
        }
        if (folders.size() > 1) {
            throw new UsageException(PREDICTIONS + " is of one rule, but the run in " + path
                    + " has several; name one of " + "its folders: " + String.join(", ", folders.keySet()) + ".");
        }
        Path above = file.toAbsolutePath().getParent();
        if (file.toString().isBlank() || Files.isDirectory(file) || above == null || !Files.isDirectory(above)) {
            throw new UsageException(PREDICTIONS + " must name a file in a folder that exists, but is '" + file + "'.");
        }
        return file;
    }

    private Result evaluate(
            RunFolder folder,
            String rule,
            TrainingConfig config,
            Device device,
            DeviceDataset dataset,
            @Nullable Path predictions)
            throws IOException {
        try (Trainer trainer = new Trainer(device, dataset, config)) {
            return evaluate(folder, rule, config, trainer, dataset, predictions);
        }
    }

    private Result evaluate(
            RunFolder folder,
            String rule,
            TrainingConfig config,
            Trainer trainer,
            DeviceDataset dataset,
            @Nullable Path predictions)
            throws IOException {
        List<String> names = dataset.classNames();
        Checkpoint.Restored restored = Checkpoint.readWeights(folder.checkpoint(), trainer.network(), names);
        restored.passedOver().forEach(screen::line);
        int epoch = restored.progress().epoch();
        Progress progress = new Progress(screen, () -> false);
        progress.begin(rule, config);
        ClassCounts classes = new ClassCounts(names);
        try (PredictionsFile file = predictions == null ? null : new PredictionsFile(predictions, names)) {
            Evaluation evaluation = trainer.predict((first, labels, logits) -> {
                progress.testing(epoch, first, dataset.testCount());
                classes.add(labels, logits);
                if (file != null) {
                    file.add(first, labels, logits);
                }
            });
            if (file != null) {
                file.finish();
            }
            return new Result(folder, epoch, evaluation, classes);
        }
    }

    private void print(Map<String, Result> results) {
        if (results.size() == 1) {
            Result result = results.values().iterator().next();
            out.printf(
                    Locale.ROOT,
                    "%s after %s: %.2f %% of %d test images, loss %.4f%n",
                    path,
                    epochs(result.epoch()),
                    result.evaluation().accuracy(),
                    result.evaluation().images(),
                    result.evaluation().loss());
        } else {
            out.printf(
                    Locale.ROOT,
                    "%-10s %8s %14s %10s %12s%n",
                    "rule",
                    "epochs",
                    "test accuracy",
                    "loss",
                    "test images");
            results.forEach((rule, result) -> out.printf(
                    Locale.ROOT,
                    "%-10s %8d %14s %10.4f %,12d%n",
                    rule,
                    result.epoch(),
                    RunFolder.percent(result.evaluation().accuracy()),
                    result.evaluation().loss(),
                    result.evaluation().images()));
        }
        printClasses(results);
    }

    private static String epochs(int epochs) {
        return epochs == 1 ? "1 epoch" : epochs + " epochs";
    }

    /** Prints a line for each class, with a column for each rule. */
    private void printClasses(Map<String, Result> results) {
        ClassCounts first = results.values().iterator().next().classes();
        int width = first.names().stream().mapToInt(String::length).max().orElse(0);
        String title = "%-" + Math.max(width, "class".length()) + "s %8s";
        out.println();
        out.printf(Locale.ROOT, title, "class", "images");
        results.keySet().forEach(rule -> out.printf(" %10s", results.size() == 1 ? "accuracy" : rule));
        out.println();
        for (int label = 0; label < first.names().size(); label++) {
            out.printf(
                    Locale.ROOT,
                    title,
                    FileFailure.printable(first.names().get(label)),
                    String.format(Locale.ROOT, "%,d", first.images(label)));
            for (Result result : results.values()) {
                double accuracy = result.classes().accuracy(label);
                out.printf(" %10s", Double.isNaN(accuracy) ? "-" : RunFolder.percent(accuracy));
            }
            out.println();
        }
    }

    private ObjectNode asJson(Map<String, Result> results) {
        ObjectNode all = JSON.createObjectNode().put("folder", path.toString());
        if (results.size() == 1) {
            String rule = results.keySet().iterator().next();
            return all.put("rule", rule)
                    .setAll(asJson(results.values().iterator().next()));
        }
        ObjectNode rules = all.putObject("rules");
        results.forEach((rule, result) -> rules.putObject(rule)
                .put("folder", result.folder().path().toString())
                .setAll(asJson(result)));
        return all;
    }

    private static ObjectNode asJson(Result result) {
        ObjectNode node = JSON.createObjectNode()
                .put("epoch", result.epoch())
                .put("images", result.evaluation().images())
                .put("loss", result.evaluation().loss())
                .put("test_accuracy", result.evaluation().accuracy());
        ArrayNode classes = node.putArray("classes");
        for (int label = 0; label < result.classes().names().size(); label++) {
            double accuracy = result.classes().accuracy(label);
            ObjectNode one = classes.addObject()
                    .put("name", result.classes().names().get(label))
                    .put("images", result.classes().images(label))
                    .put("correct", result.classes().correct(label));
            if (Double.isNaN(accuracy)) {
                one.putNull("accuracy");
            } else {
                one.put("accuracy", accuracy);
            }
        }
        return node;
    }
}
