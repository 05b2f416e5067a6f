package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Parallelism;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Study;
import io.github.kib4j.experiment.StudyTable;
import io.github.kib4j.experiment.TrialProcesses;
import io.github.kib4j.experiment.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** What commands that compare several runs have in common: {@code experiment} and {@code sweep}. */
final class StudyCommand {
    private static final int MOST_PROCESSES = 256;

    private StudyCommand() {}

    /** Trains what a command has planned. */
    interface Plan {
        /** Returns the table at the end. */
        StudyTable run(Study study) throws IOException;
    }

    static void addOptions(CommandSpec spec) {
        spec.addOption(Parts.option(
                "--parallel",
                Integer.class,
                "N",
                "runs at once, each in a process of its own with its share of the threads, while memory holds them"
                        + " (default: one for every four processors; one on a GPU)"));
        spec.addOption(Parts.option(
                "--out",
                Path.class,
                "DIR",
                "folder of the runs and the table (default: one below runs/ that is named for what is compared)"));
        spec.addOption(Parts.flag("--quiet", "print nothing but the table"));
        spec.addOption(Parts.json(
                "an object with folder, state, report and lines: labels, paper_accuracy, accuracy, deviation,"
                        + " difference, gain, seeds, epochs, remark, runs"));
    }

    /** Returns the value of an option from 1 on; empty where it is not given. */
    static OptionalInt count(ParseResult parsed, String option, int most) {
        Integer count = parsed.matchedOptionValue(option, null);
        if (count == null) {
            return OptionalInt.empty();
        }
        if (count < 1 || count > most) {
            throw new UsageException(
                    option + " must be a whole number from 1 to " + most + ", but is '" + count + "'.");
        }
        return OptionalInt.of(count);
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err, Path usual, Plan plan) throws IOException {
        Path folder = parsed.matchedOptionValue("--out", usual);
        if (folder.toString().isBlank()) {
            throw new UsageException("--out must name a folder, but is empty.");
        }
        Parallelism parallelism =
                Parallelism.of(count(parsed, "--parallel", MOST_PROCESSES).orElse(0));
        String command = Invocation.of(parsed.originalArgs().toArray(new String[0]));
        try (Screen screen = Screen.of(err, parsed.hasMatchedOption("--quiet"));
                Study study =
                        Study.open(folder, command, new TrialProcesses(), parallelism, new StudyProgress(screen));
                StopSignal signal = new StopSignal(line -> {
                    screen.line(line);
                    study.stop();
                })) {
            signal.listen();
            StudyTable table = plan.run(study);
            ReportPage page = study.isStopped() ? null : ReportPage.of(folder, new Settings(), screen::status);
            screen.close();
            report(table, study, page, parsed.hasMatchedOption("--json"), out);
            if (study.isStopped()) {
                screen.line("Stopped; saved in " + folder + ". Go on with: " + command);
                return signal.exitCode();
            }
            return study.hasTroubles() ? 1 : 0;
        }
    }

    private static void report(
            StudyTable table, Study study, @Nullable ReportPage page, boolean json, PrintStream out) {
        if (json) {
            String state = study.isStopped() ? "interrupted" : study.hasTroubles() ? "incomplete" : "finished";
            ObjectNode all = new ObjectMapper().createObjectNode();
            all.put("folder", study.folder().toString()).put("state", state);
            all.put("report", page == null ? null : page.path());
            out.println(all.set("lines", table.toJson()));
            return;
        }
        out.print(table.text());
        out.println("Folder: " + study.folder() + " (table.md, table.csv, table.json, runs.csv, and the runs)");
        if (page != null) {
            out.println(page.line());
        }
    }
}
