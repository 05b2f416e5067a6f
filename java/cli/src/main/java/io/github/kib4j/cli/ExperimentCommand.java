package io.github.kib4j.cli;

import io.github.kib4j.experiment.Candidate;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.PaperTables;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Study;
import io.github.kib4j.experiment.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib experiment}: the paper's tables. */
final class ExperimentCommand {
    private static final String MLP = "mlp-table";
    private static final String VGG = "vgg-table";
    private static final List<String> TABLES = List.of(MLP, VGG);

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
                        + " paper's figures. Settings that are given win over the presets'; milestones are scaled to"
                        + " --epochs. The same command goes on after a kill; what is done is not done again.");
        spec.addPositional(
                Parts.argument(0, true, String.class, "mlp-table|vgg-table", "which of the paper's tables", TABLES));
        PaperTables tables = new PaperTables();
        spec.addOption(list("--datasets", "DATASET", tables.datasets(), MLP + ": data sets, with commas"));
        spec.addOption(list("--widths", "WIDTH", tables.widths(), VGG + ": widths, with commas"));
        spec.addOption(list("--optimizers", "OPTIMIZER", tables.optimizers(), VGG + ": optimizers, with commas"));
        spec.addOption(Parts.option(
                "--columns",
                String.class,
                "COLUMN,...",
                "columns, with commas, as cosine-grp,backprop (default: all)"));
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
        String table = parsed.matchedPositionalValue(0, "");
        if (!TABLES.contains(table)) {
            throw UsageException.unknown("experiment", table, TABLES);
        }
        List<Candidate> candidates = table.equals(MLP) ? mlp() : vgg();
        String title = "The paper's table of " + (table.equals(MLP) ? "MLPs" : "VGGs");
        return StudyCommand.run(
                parsed,
                out,
                err,
                Path.of("runs", table),
                study -> study.run(candidates, Study.inOrder(title, candidates)));
    }

    private List<Candidate> mlp() {
        refuse(MLP, "--widths", "--optimizers");
        return new PaperTables().mlp(names("--datasets"), names("--columns"), given(), seeds());
    }

    private List<Candidate> vgg() {
        refuse(VGG, "--datasets");
        return new PaperTables().vgg(names("--widths"), names("--optimizers"), names("--columns"), given(), seeds());
    }

    private void refuse(String table, String... options) {
        for (String option : options) {
            if (parsed.hasMatchedOption(option)) {
                throw new UsageException(option + " means nothing to " + table + "; leave it out.");
            }
        }
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
