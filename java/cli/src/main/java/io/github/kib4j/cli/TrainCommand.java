package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.Run;
import io.github.kib4j.experiment.RunListener;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.experiment.Words;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib train}. */
final class TrainCommand {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Points of test accuracy below which two rules count as alike. */
    private static final double ALIKE = 1;

    private static final String ROW = "%-{width}s %14s{beside} %15s %10s %9s%n";
    /** Accuracies that stand beside the one of the test images, where they were asked for. */
    private static final List<Map.Entry<String, String>> BESIDE = List.of(
            Map.entry("current_test_accuracy", "current weights"), Map.entry("test_accuracy_with_flips", "with flips"));

    /** The least width of the column of rules. */
    private static final int RULE = 10;

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
        CommandSpec spec = Parts.command(
                "train", "Trains a network; without options, the quickstart: three rules on generated images.");
        SettingsMixin.addOptions(spec);
        spec.addOption(Parts.option("--out", Path.class, "DIR", "folder of the run (default: a new one under runs/)"));
        spec.addOption(OptionSpec.builder("--resume")
                .type(Path.class)
                .arity("0..1")
                .fallbackValue("")
                .paramLabel("DIR")
                .description(
                        "go on with the run in DIR (or in --out) from its last checkpoint, as if never interrupted")
                .build());
        spec.addOption(Parts.flag("--quiet", "print nothing but results"));
        spec.addOption(Parts.flag("--json", "print the results as one line of JSON, which names the run's folder"));
        return spec;
    }

    int run() throws IOException {
        try (screen;
                StopSignal signal = new StopSignal(screen::line)) {
            Run run = parsed.hasMatchedOption("--resume")
                    ? resumed()
                    : Run.begin(SettingsMixin.experiment(parsed), out());
            Optional<Map<String, ObjectNode>> records =
                    run.train(Invocation.of(parsed.originalArgs().toArray(new String[0])), listener(signal));
            if (records.isEmpty()) {
                screen.close();
                reportStop(run.folder());
                return signal.exitCode();
            }
            ReportPage page = page(run);
            screen.close();
            report(records.get(), run, page);
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

    /** Writes the run's report, on the device that trained. */
    private ReportPage page(Run run) {
        Settings trained = run.experiment().settings();
        Settings machine = new Settings().set(Key.DEVICE, trained.text(Key.DEVICE));
        if (!trained.text(Key.THREADS).isEmpty()) {
            machine.set(Key.THREADS, trained.text(Key.THREADS));
        }
        return ReportPage.of(run.folder(), machine, screen::status);
    }

    private void report(Map<String, ObjectNode> records, Run run, ReportPage page) {
        if (json) {
            ObjectNode all = asJson(records, run.folder());
            out.println(all.put("report", page.path()));
            return;
        }
        int width = Math.max(
                RULE, records.keySet().stream().mapToInt(String::length).max().orElse(0));
        List<Map.Entry<String, String>> beside = BESIDE.stream()
                .filter(one -> records.values().stream().anyMatch(result -> result.has(one.getKey())))
                .toList();
        String row = ROW.replace("{width}", String.valueOf(width)).replace("{beside}", " %15s".repeat(beside.size()));
        List<Object> titles = new ArrayList<>(List.of("rule", "test accuracy"));
        beside.forEach(one -> titles.add(one.getValue()));
        titles.addAll(List.of("train accuracy", "images/s", "training"));
        out.printf(row, titles.toArray());
        records.forEach((rule, result) -> {
            List<Object> cells = new ArrayList<>(List.of(rule, percent(result, "test_accuracy")));
            beside.forEach(one -> cells.add(percent(result, one.getKey())));
            cells.add(percent(result, "train_accuracy"));
            double speed = result.get("train_images_per_second").asDouble();
            cells.add(String.format(Locale.ROOT, "%,.0f", speed));
            cells.add(Words.duration(result.get("train_seconds").asDouble()));
            out.printf(row, cells.toArray());
        });
        if (records.values().stream().anyMatch(result -> result.has("current_test_accuracy"))) {
            out.println("The test accuracy is that of the averaged weights.");
        }
        compare(records);
        String preset = run.experiment().preset();
        Double paper = preset == null ? null : new Presets().paperAccuracy(preset);
        if (preset != null && paper != null) {
            out.println("The paper reports " + paper + " % for this run after "
                    + new Presets().get(preset).text(Key.EPOCHS) + " epochs (this one: "
                    + run.experiment().settings().text(Key.EPOCHS) + ").");
        }
        out.println("Run folder: " + run.folder());
        out.println(page.line());
    }

    private static String percent(ObjectNode result, String name) {
        return result.has(name) ? Progress.percent(result.get(name).asDouble()) : "-";
    }

    /** Says what a local rule does beside the readout alone and backprop, if all three are there. */
    private void compare(Map<String, ObjectNode> records) {
        String local = records.containsKey("phsic") ? "phsic" : "hsic";
        double[] accuracies = Stream.of(local, "readout", "backprop")
                .map(records::get)
                .filter(Objects::nonNull)
                .mapToDouble(record -> record.get("test_accuracy").asDouble())
                .toArray();
        if (accuracies.length < 3) {
            return;
        }
        double gain = accuracies[0] - accuracies[1];
        double ahead = accuracies[2] - accuracies[0];
        String learned = gain > ALIKE
                ? "Without backprop, %s taught the hidden layers %.1f points beyond a readout of random ones"
                : "Here %s did not help: it is %.1f points from a readout of random hidden layers";
        String compared = Math.abs(ahead) <= ALIKE
                ? "it is level with backprop"
                : "backprop is %.1f points " + (ahead > 0 ? "ahead" : "behind");
        out.printf(Locale.ROOT, learned + "; ", local, gain);
        out.printf(Locale.ROOT, compared + ".%n", Math.abs(ahead));
    }

    /** Returns one object: the folder and the record of its rule, or the folder and a record for each rule. */
    static ObjectNode asJson(Map<String, ObjectNode> records, Path folder) {
        ObjectNode all = JSON.createObjectNode().put("folder", folder.toString());
        if (records.size() == 1) {
            return all.setAll(records.values().iterator().next());
        }
        ObjectNode rules = all.putObject("rules");
        records.forEach((rule, record) -> rules.putObject(rule)
                .put("folder", folder.resolve(rule).toString())
                .setAll(record));
        return all;
    }
}
