package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.train.Checkpoint;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib eval}: the accuracy of a run's checkpoint on the test images. */
final class EvalCommand {
    private EvalCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("eval").mixinStandardHelpOptions(true);
        spec.usageMessage().description("Evaluates a run's checkpoint on its test images.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .type(Path.class)
                .paramLabel("RUN")
                .description("folder of a run")
                .required(true)
                .build());
        for (Key key : List.of(Key.DATA, Key.DEVICE, Key.THREADS, Key.LIMIT_TEST)) {
            spec.addOption(OptionSpec.builder("--" + key.title())
                    .type(String.class)
                    .paramLabel(key.type().label())
                    .description(key.help())
                    .build());
        }
        spec.addOption(OptionSpec.builder("--json")
                .type(boolean.class)
                .arity("0")
                .description("print the result as JSON")
                .build());
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        Path path = parsed.matchedPositionalValue(0, Path.of(""));
        RunFolder folder = new RunFolder(path);
        if (!Files.isRegularFile(folder.config())) {
            throw new UsageException("There is no run in " + path
                    + " (it has no config.toml); name the folder of a run, or of one of its rules.");
        }
        Settings settings = Settings.read(folder.config()).settings();
        for (Key key : List.of(Key.DATA, Key.DEVICE, Key.THREADS, Key.LIMIT_TEST)) {
            String value = parsed.matchedOptionValue("--" + key.title(), null);
            if (value != null) {
                settings.set(key, value);
            }
        }
        RunPlan plan = new RunPlan(settings);
        List<String> rules = plan.rules();
        if (rules.size() > 1) {
            throw new UsageException("The run in " + path + " has several rules; name one of its folders: "
                    + String.join(", ", rules) + ".");
        }
        Dataset dataset = plan.dataset(err::println);
        TrainingConfig config = plan.training(
                rules.get(0), dataset.train().image(), dataset.train().classes());
        try (Device device = TrainCommand.choose(settings).device();
                Trainer trainer = new Trainer(device, dataset, config)) {
            Checkpoint.Progress progress = Checkpoint.readWeights(folder.checkpoint(), trainer.network(), config)
                    .progress();
            Evaluation result = trainer.evaluate();
            if (parsed.hasMatchedOption("--json")) {
                out.println(new ObjectMapper()
                        .createObjectNode()
                        .put("epoch", progress.epoch())
                        .put("images", result.images())
                        .put("loss", result.loss())
                        .put("test_accuracy", result.accuracy()));
            } else {
                out.printf(
                        Locale.ROOT,
                        "%s after %d epochs: %.2f %% of %d test images, loss %.4f%n",
                        path,
                        progress.epoch(),
                        result.accuracy(),
                        result.images(),
                        result.loss());
            }
            return 0;
        }
    }
}
