package io.github.kib4j.cli;

import io.github.kib4j.experiment.Ablation;
import io.github.kib4j.experiment.Candidate;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.PaperTables;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Study;
import io.github.kib4j.experiment.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib experiment}: the paper's tables, and what changes of a preset are worth. */
final class ExperimentCommand {
    private static final String MLP = "mlp-table";
    private static final String VGG = "vgg-table";
    private static final String ABLATION = "ablation";
    private static final List<String> EXPERIMENTS = List.of(MLP, VGG, ABLATION);

    /** Options that mean something to some of them, by those. */
    private static final Map<String, List<String>> OF = Map.of(
            "--datasets", List.of(MLP),
            "--widths", List.of(VGG),
            "--optimizers", List.of(VGG),
            "--columns", List.of(MLP, VGG),
            "--preset", List.of(ABLATION),
            "--changes", List.of(ABLATION),
            "--together", List.of(ABLATION),
            "--changes-from", List.of(ABLATION));

    /** Settings that options give to all runs; the others are the table's. */
    private static final List<Key> GIVEN = Arrays.stream(Key.values())
            .filter(key -> !List.of(Key.DATASET, Key.MODEL, Key.RULE).contains(key))
            .toList();

    private static final int MOST_SEEDS = 1000;
    private static final int USUAL_SEEDS = 2;

    private final ParseResult parsed;
    private final PrintStream out;
    private final PrintStream err;

    ExperimentCommand(ParseResult parsed, PrintStream out, PrintStream err) {
        this.parsed = parsed;
        this.out = out;
        this.err = err;
    }

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "experiment",
                "Trains the runs of one of the paper's tables, with several seeds each, and compares them with the"
                        + " paper's figures; or a preset as it is and with changes, and prints what each of them gains."
                        + " Settings that are given win over the presets'; milestones are scaled to --epochs. The same"
                        + " command goes on after a kill; what is done is not done again.");
        spec.addPositional(Parts.argument(
                0,
                true,
                String.class,
                String.join("|", EXPERIMENTS),
                "one of the paper's tables, or changes of a preset",
                EXPERIMENTS));
        PaperTables tables = new PaperTables();
        spec.addOption(list("--datasets", "DATASET", tables.datasets(), MLP + ": data sets, with commas"));
        spec.addOption(list("--widths", "WIDTH", tables.widths(), VGG + ": widths, with commas"));
        spec.addOption(list("--optimizers", "OPTIMIZER", tables.optimizers(), VGG + ": optimizers, with commas"));
        spec.addOption(Parts.option(
                "--columns",
                String.class,
                "COLUMN,...",
                "the tables' columns, with commas, as cosine-grp,backprop (default: all)"));
        spec.addOption(OptionSpec.builder("--preset")
                .type(String.class)
                .paramLabel("NAME")
                .completionCandidates(new Presets().names())
                .description(ABLATION + ": the preset that is changed (default: " + Presets.QUICKSTART + ")")
                .build());
        spec.addOption(list(
                "--changes",
                "CHANGE",
                Ablation.ofLocalLearning().names(),
                ABLATION + ": changes, each alone, with commas"));
        spec.addOption(Parts.option(
                "--together",
                String.class,
                "CHANGE+...,...",
                ABLATION + ": changes made at once, as a+b,a+c, a line for each list"));
        spec.addOption(Parts.option(
                "--changes-from",
                Path.class,
                "FILE",
                ABLATION + ": changes of one's own, a table of settings for each in a TOML file"));
        spec.addOption(Parts.option(
                "--seeds", Integer.class, "N", "seeds of each run, from --seed on (default: " + USUAL_SEEDS + ")"));
        StudyCommand.addOptions(spec);
        SettingsMixin.addOptions(spec, GIVEN);
        return spec;
    }

    private static OptionSpec list(String name, String label, List<String> all, String description) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel(label + ",...")
                .completionCandidates(all)
                .description(description + " (default: " + String.join(",", all) + ")")
                .build();
    }

    int run() throws IOException {
        String experiment = parsed.matchedPositionalValue(0, "");
        if (!EXPERIMENTS.contains(experiment)) {
            throw UsageException.unknown("experiment", experiment, EXPERIMENTS);
        }
        OF.forEach((option, experiments) -> {
            if (parsed.hasMatchedOption(option) && !experiments.contains(experiment)) {
                throw new UsageException(option + " means nothing to " + experiment + "; leave it out.");
            }
        });
        return StudyCommand.run(parsed, out, err, Path.of("runs", experiment), plan(experiment));
    }

    private StudyCommand.Plan plan(String experiment) {
        if (experiment.equals(ABLATION)) {
            return ablation();
        }
        List<Candidate> candidates = experiment.equals(MLP)
                ? new PaperTables().mlp(names("--datasets"), names("--columns"), given(), seeds())
                : new PaperTables().vgg(names("--widths"), names("--optimizers"), names("--columns"), given(), seeds());
        String title = "The paper's table of " + (experiment.equals(MLP) ? "MLPs" : "VGGs");
        return study -> study.run(candidates, Study.inOrder(title, candidates));
    }

    private StudyCommand.Plan ablation() {
        Path file = parsed.matchedOptionValue("--changes-from", null);
        Ablation ablation = file == null ? Ablation.ofLocalLearning() : Ablation.read(file);
        String preset = parsed.matchedOptionValue("--preset", Presets.QUICKSTART);
        List<List<String>> together = names("--together").stream()
                .map(several -> Arrays.stream(several.split("\\+", -1))
                        .map(String::strip)
                        .toList())
                .toList();
        Ablation.Plan plan = ablation.plan(preset, given(), names("--changes"), together, seeds());
        return study -> {
            plan.notes().forEach(study::say);
            return study.run(plan.candidates(), plan.layout("What changes of " + preset + " are worth"));
        };
    }

    private Settings given() {
        return SettingsMixin.given(parsed, GIVEN);
    }

    private List<String> names(String option) {
        String names = parsed.matchedOptionValue(option, null);
        return names == null
                ? List.of()
                : Arrays.stream(names.split(",", -1)).map(String::strip).toList();
    }

    private int seeds() {
        return StudyCommand.count(parsed, "--seeds", MOST_SEEDS).orElse(USUAL_SEEDS);
    }
}
