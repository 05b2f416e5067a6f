package io.github.kib4j.cli;

import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.datasets.SampleStream;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.files.DurableFiles;
import io.github.kib4j.model.Model;
import io.github.kib4j.op.Device;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib predict}: what a run's network takes samples for. */
final class PredictCommand {
    private static final String OUT = "--out";
    private static final String ALL = "--all";
    private static final String LEAVE_OUT = "--leave-out";
    private static final Path PIPE = Path.of("-");
    private static final List<Key> OF_THE_MACHINE = List.of(Key.DEVICE, Key.THREADS);

    private PredictCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "predict",
                "Says which class the network of a run's checkpoint takes samples for, and how probable it is: of image files"
                        + " and folders of them, NumPy arrays (.npy), tables (.csv) and lines of JSON (.jsonl: a list of"
                        + " numbers, or an object with one by the name input, and an id). For a network that was trained on"
                        + " bytes numbers are from 0 to 255; in arrays of floats from 0 to 1.");
        spec.addPositional(
                Parts.argument(0, true, Path.class, "RUN", "folder of a run, or of one of its rules", List.of()));
        spec.addPositional(PositionalParamSpec.builder()
                .index("1..*")
                .arity("0..*")
                .type(List.class)
                .auxiliaryTypes(Path.class)
                .paramLabel("FILE")
                .description("samples; - or none: a table or lines of JSON from a pipe")
                .build());
        spec.addOption(ExportCommand.rule());
        spec.addOption(Parts.option(OUT, Path.class, "FILE", "is written, instead of the terminal"));
        spec.addOption(Parts.flag(ALL, "the probabilities of all classes, too"));
        spec.addOption(Parts.option(
                LEAVE_OUT,
                String.class,
                "COLUMN[,...]",
                "columns of tables that are no input: names, or numbers from 1"));
        for (Key key : OF_THE_MACHINE) {
            spec.addOption(
                    Parts.option("--" + key.title(), String.class, key.type().label(), key.help()));
        }
        spec.addOption(Parts.flag(
                "--json", "print a line of JSON for each sample: input, class, probability (default: a table)"));
        return spec;
    }

    static int run(ParseResult parsed, InputStream in, PrintStream out, PrintStream err) throws IOException {
        Path run = parsed.matchedPositionalValue(0, Path.of(""));
        List<Path> files = parsed.matchedPositionalValue(1, List.of());
        Path file = parsed.matchedOptionValue(OUT, null);
        if (file != null) {
            ExportCommand.requirePlace(OUT, file);
        }
        Settings settings = settings(run, SettingsMixin.given(parsed, OF_THE_MACHINE));
        SavedModel saved = Model.read(run, parsed.matchedOptionValue(ExportCommand.RULE, null));
        saved.passedOver().forEach(err::println);
        boolean json = parsed.hasMatchedOption("--json");
        boolean all = parsed.hasMatchedOption(ALL);
        String without = parsed.matchedOptionValue(LEAVE_OUT, "");
        List<String> columns = without.isEmpty() ? List.of() : Arrays.asList(without.split(",", -1));
        try (Device device = new RunPlan(settings).device().device();
                Model model = Model.load(device, saved)) {
            DurableFiles.Content content = to -> {
                PredictedRows rows = new PredictedRows(model, json, all, to);
                read(
                        files.isEmpty() ? List.of(PIPE) : files,
                        in,
                        new SampleStream(model.sample(), saved.requireInput().type(), columns, rows));
                rows.finish();
            };
            if (file == null) {
                write(content, out);
            } else {
                DurableFiles.replace(file, content);
            }
        }
        return 0;
    }

    private static void write(DurableFiles.Content content, OutputStream out) throws IOException {
        content.writeTo(out);
        out.flush();
    }

    /** Returns the run's settings of the machine, where its folder has them. */
    private static Settings settings(Path run, Settings given) {
        RunFolder folder = new RunFolder(run);
        return folder.isRun() ? folder.settings().setAll(given) : given;
    }

    private static void read(List<Path> files, InputStream in, SampleStream stream) {
        for (Path file : files) {
            if (file.equals(PIPE)) {
                stream.read(in);
            } else {
                stream.read(file);
            }
        }
    }
}
