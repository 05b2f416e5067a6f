package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Words;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib presets}: all of them, some of them, or one's settings. */
final class PresetsCommand {
    /** The kind of network, which a name begins with, has no room beside the longest. */
    private static final String ROW = "%-51s %-13s %6s %7s%n";

    private final Presets presets = new Presets();
    private final PrintStream out;

    private PresetsCommand(PrintStream out) {
        this.out = out;
    }

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "presets",
                "Lists presets with the test accuracy that the paper reports, or shows one's settings as a"
                        + " configuration file.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0..*")
                .arity("0..*")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .paramLabel("NAME | WORD...")
                .completionCandidates(() -> new Presets().names().iterator())
                .description("a preset's name, to see its settings; or words, to list the presets with all of them"
                        + " in their names")
                .build());
        spec.addOption(Parts.json("a list of objects with name, dataset, model, epochs, paper_accuracy (null"
                + " where the paper has none); of one preset an object with name, paper_accuracy, settings"));
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out) {
        List<String> words = parsed.matchedPositionalValue(0, List.of());
        new PresetsCommand(out).run(words, parsed.hasMatchedOption("--json"));
        return 0;
    }

    private void run(List<String> words, boolean json) {
        Optional<String> one = words.size() == 1 ? Words.same(words.get(0), presets.names()) : Optional.empty();
        List<String> names = presets.names().stream()
                .filter(name -> words.stream().allMatch(word -> name.contains(word.toLowerCase(Locale.ROOT))))
                .toList();
        if (one.isEmpty() && names.isEmpty()) {
            presets.named(String.join("-", words)); // says which are near
        }
        if (json) {
            out.println(one.map(this::object).orElseGet(() -> list(names)));
        } else if (one.isPresent()) {
            out.print(presets.toToml(one.get()));
        } else {
            table(names);
        }
    }

    private void table(List<String> names) {
        out.printf(ROW, "preset", "data set", "epochs", "paper");
        for (String name : names) {
            Settings settings = presets.get(name);
            Double paper = presets.paperAccuracy(name);
            String row = String.format(
                    ROW,
                    name,
                    settings.text(Key.DATASET),
                    settings.text(Key.EPOCHS),
                    paper == null ? "" : String.format(Locale.ROOT, "%.1f %%", paper));
            out.println(row.stripTrailing());
        }
        out.println();
        out.println(Words.count(names.size(), "preset")
                + ". '" + Invocation.of("presets", "NAME") + "' shows one, '"
                + Invocation.of("train", "--preset", "NAME")
                + "' trains it.");
    }

    private String list(List<String> names) {
        ArrayNode list = new ObjectMapper().createArrayNode();
        for (String name : names) {
            Settings settings = presets.get(name);
            ObjectNode preset = list.addObject().put("name", name);
            preset.put("dataset", settings.text(Key.DATASET)).put("model", settings.text(Key.MODEL));
            preset.put("epochs", settings.integer(Key.EPOCHS)).put("paper_accuracy", presets.paperAccuracy(name));
        }
        return list.toString();
    }

    private String object(String name) {
        ObjectNode preset = new ObjectMapper().createObjectNode().put("name", name);
        preset.put("paper_accuracy", presets.paperAccuracy(name));
        return preset.set("settings", presets.get(name).toJson()).toString();
    }
}
