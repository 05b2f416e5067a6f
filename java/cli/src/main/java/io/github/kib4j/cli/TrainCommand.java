package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Experiment;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.Run;
import io.github.kib4j.experiment.RunListener;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
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
        try (screen;
                StopSignal signal = new StopSignal(screen::line)) {
            Run run = parsed.hasMatchedOption("--resume") ? resumed() : begun();
            Optional<Map<String, ObjectNode>> records =
                    run.train(Invocation.of(parsed.originalArgs().toArray(new String[0])), listener(signal));
            screen.close();
            if (records.isEmpty()) {
                reportStop(run.folder());
                return signal.exitCode();
            }
            report(records.get(), run);
            return 0;
        }
    }

    private RunListener listener(StopSignal signal) {
        return new Progress(screen) {
            @Override
            public void start(Path folder) {
                signal.listen();
            }

            @Override
            public boolean stops() {
                return signal.isSet();
            }
        };
    }

    private @Nullable Path out() {
        Path named = parsed.matchedOptionValue("--out", null);
        if (named != null && named.toString().isBlank()) {
            throw new UsageException("--out must name a folder, but is empty.");
        }
        return named;
    }

    private Run begun() throws IOException {
        Experiment experiment = SettingsMixin.experiment(parsed);
        return Run.begin(experiment, out());
    }

    private Run resumed() throws IOException {
        Settings given = SettingsMixin.alone(parsed);
        Path named = out();
        Path resumed = parsed.matchedOptionValue("--resume", Path.of(""));
        if (resumed.toString().isEmpty()) {
            resumed = Optional.ofNullable(named)
                    .orElseThrow(() -> new UsageException("--resume needs the folder of a run: --resume DIR."));
        } else if (named != null && !named.equals(resumed)) {
            throw new UsageException("--resume and --out name two folders; a run goes on in its own: leave out --out.");
        }
        return Run.resume(resumed, given);
    }

    /** Says where a stopped run is, and the command that goes on with all of it. */
    private void reportStop(Path folder) {
        screen.line("Stopped; saved in " + folder + ". Go on with: "
                + Invocation.of("train", "--resume", folder.toString()));
        if (json) {
            out.println(JSON.createObjectNode().put("folder", folder.toString()).put("state", "interrupted"));
        }
    }

    private void report(Map<String, ObjectNode> records, Run run) {
        if (json) {
            out.println(asJson(records, run.folder()));
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
                Progress.percent(result.get("test_accuracy").asDouble()),
                Progress.percent(result.get("train_accuracy").asDouble()),
                result.get("train_images_per_second").asDouble(),
                Progress.duration(result.get("train_seconds").asDouble())));
        Reading.of(records).ifPresent(out::println);
        String preset = run.experiment().preset();
        double paper = preset == null ? Double.NaN : new Presets().paperAccuracy(preset);
        if (!Double.isNaN(paper)) {
            out.println("The paper reports " + paper + " % for this run after "
                    + new Presets().get(preset == null ? "" : preset).text(Key.EPOCHS) + " epochs (this one: "
                    + run.experiment().settings().text(Key.EPOCHS) + ").");
        }
        out.println("Run folder: " + run.folder());
    }

    /** Returns one object: the folder and the record of its rule, or the folder and a record for each rule. */
    private static ObjectNode asJson(Map<String, ObjectNode> records, Path folder) {
        ObjectNode all = JSON.createObjectNode().put("folder", folder.toString());
        if (records.size() == 1) {
            return all.setAll(records.values().iterator().next());
        }
        ObjectNode rules = all.putObject("rules");
        records.forEach((rule, record) -> rules.set(
                rule,
                JSON.createObjectNode()
                        .put("folder", folder.resolve(rule).toString())
                        .setAll(record)));
        return all;
    }
}
