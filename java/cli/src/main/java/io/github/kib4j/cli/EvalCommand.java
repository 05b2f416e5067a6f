package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.experiment.ClassCounts;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunEvaluation;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.train.Evaluation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib eval}: the accuracy of a run's checkpoint on the test images, of all rules of a run that has several. */
final class EvalCommand {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PREDICTIONS = "--predictions";
    private static final List<Key> OF_THE_MACHINE =
            List.of(Key.DATA, Key.DEVICE, Key.THREADS, Key.LIMIT_TEST, Key.TEST_FLIPS);

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
        CommandSpec spec = Parts.command(
                "eval",
                "Evaluates a run's checkpoint on its test images, or on those of a table or array that --data names, all of"
                        + " them and class by class; all rules of a run that has several.");
        spec.addPositional(
                Parts.argument(0, true, Path.class, "RUN", "folder of a run, or of one of its rules", List.of()));
        for (Key key : OF_THE_MACHINE) {
            spec.addOption(
                    Parts.option("--" + key.title(), String.class, key.type().label(), key.help()));
        }
        spec.addOption(Parts.option(
                PREDICTIONS,
                Path.class,
                "FILE.csv",
                "write label, prediction and probabilities (softmax of the logits) of each test image"));
        spec.addOption(Parts.flag("--json", "print the result as one line of JSON"));
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        try (Screen screen = Screen.of(err, false)) {
            return new EvalCommand(parsed, out, screen).run();
        }
    }

    private int run() throws IOException {
        Settings given = SettingsMixin.given(parsed, OF_THE_MACHINE);
        Map<String, RunEvaluation> results =
                RunEvaluation.of(path, given, parsed.matchedOptionValue(PREDICTIONS, null), new Progress(screen));
        screen.close();
        if (parsed.hasMatchedOption("--json")) {
            out.println(asJson(results));
        } else {
            print(results);
        }
        return 0;
    }

    private void print(Map<String, RunEvaluation> results) {
        if (results.size() == 1) {
            RunEvaluation result = results.values().iterator().next();
            Evaluation all = result.evaluation();
            String after = path + " after " + Words.count(result.epoch(), "epoch");
            String says = "%s: %.2f %%%s of %d test images, loss %.4f%n";
            out.printf(Locale.ROOT, says, after, all.accuracy(), Progress.beside(all), all.images(), all.loss());
        } else {
            out.printf("%-10s %8s %14s %10s %12s%n", "rule", "epochs", "test accuracy", "loss", "test images");
            results.forEach((rule, result) -> {
                Evaluation all = result.evaluation();
                String accuracy = Progress.percent(all.accuracy());
                String row = "%-10s %8d %14s %10.4f %,12d%n";
                out.printf(Locale.ROOT, row, rule, result.epoch(), accuracy, all.loss(), all.images());
            });
            results.forEach((rule, result) -> {
                String beside = Progress.beside(result.evaluation());
                if (!beside.isEmpty()) {
                    out.println(rule + beside);
                }
            });
        }
        if (results.values().stream().anyMatch(result -> result.evaluation().current() != null)) {
            out.println("Accuracies are those of averaged weights.");
        }
        printClasses(results);
    }

    /** Prints a line for each class, with a column for each rule. */
    private void printClasses(Map<String, RunEvaluation> results) {
        ClassCounts first = results.values().iterator().next().classes();
        int width = first.names().stream().mapToInt(String::length).max().orElse(0);
        String title = "%-" + Math.max(width, "class".length()) + "s %8s";
        out.println();
        out.printf(Locale.ROOT, title, "class", "images");
        results.keySet().forEach(rule -> out.printf(" %10s", results.size() == 1 ? "accuracy" : rule));
        out.println();
        for (int label = 0; label < first.names().size(); label++) {
            String name = FileFailure.printable(first.names().get(label));
            out.printf(Locale.ROOT, title, name, String.format(Locale.ROOT, "%,d", first.images(label)));
            for (RunEvaluation result : results.values()) {
                double accuracy = result.classes().accuracy(label);
                out.printf(" %10s", Double.isNaN(accuracy) ? "-" : Progress.percent(accuracy));
            }
            out.println();
        }
    }

    private ObjectNode asJson(Map<String, RunEvaluation> results) {
        Map<String, ObjectNode> records = new LinkedHashMap<>();
        results.forEach((rule, result) -> {
            ObjectNode record = JSON.createObjectNode();
            records.put(rule, describe(results.size() == 1 ? record.put("rule", rule) : record, result));
        });
        return TrainCommand.asJson(records, path);
    }

    private static ObjectNode describe(ObjectNode node, RunEvaluation result) {
        node.put("epoch", result.epoch())
                .put("images", result.evaluation().images())
                .put("loss", result.evaluation().loss())
                .put("test_accuracy", result.evaluation().accuracy())
                .setAll(result.beside());
        ArrayNode classes = node.putArray("classes");
        for (int label = 0; label < result.classes().names().size(); label++) {
            double accuracy = result.classes().accuracy(label);
            ObjectNode one = classes.addObject()
                    .put("name", result.classes().names().get(label))
                    .put("images", result.classes().images(label))
                    .put("correct", result.classes().correct(label));
            one.put("accuracy", Double.isNaN(accuracy) ? null : Double.valueOf(accuracy));
        }
        return node;
    }
}
