package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunCodes;
import io.github.kib4j.experiment.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib codes}: what a layer says of a data set, for a probe or a plot elsewhere. */
final class CodesCommand {
    private static final String LAYER = "--layer";
    private static final String OUT = "--out";
    private static final String LABELS = "--labels";
    private static final String PART = "--part";
    private static final List<String> PARTS = List.of("test", "train");
    private static final List<Key> OF_THE_MACHINE =
            List.of(Key.DATA, Key.DEVICE, Key.THREADS, Key.LIMIT_TRAIN, Key.LIMIT_TEST);

    private CodesCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "codes",
                "Writes the codes of a hidden layer of a run's checkpoint as a NumPy array: of each image its groups' codes,"
                        + " or without groups the layer's activity.");
        spec.addPositional(
                Parts.argument(0, true, Path.class, "RUN", "folder of a run, or of one of its rules", List.of()));
        spec.addOption(OptionSpec.builder(LAYER)
                .type(Integer.class)
                .required(true)
                .paramLabel("N")
                .description("hidden layer, from 1")
                .build());
        spec.addOption(OptionSpec.builder(OUT)
                .type(Path.class)
                .required(true)
                .paramLabel("FILE.npy")
                .description("receives [images, numbers], float32")
                .build());
        spec.addOption(Parts.option(LABELS, Path.class, "FILE.npy", "receives the images' labels, int32"));
        spec.addOption(OptionSpec.builder(PART)
                .type(String.class)
                .paramLabel("PART")
                .completionCandidates(PARTS)
                .description("images for: test or train (default: test)")
                .build());
        spec.addOption(ExportCommand.rule());
        for (Key key : OF_THE_MACHINE) {
            spec.addOption(
                    Parts.option("--" + key.title(), String.class, key.type().label(), key.help()));
        }
        spec.addOption(Parts.json("an object with file, labels, layer, images, width, rule"));
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        Path run = parsed.matchedPositionalValue(0, Path.of(""));
        int layer = parsed.matchedOptionValue(LAYER, 0);
        String part = parsed.matchedOptionValue(PART, "test");
        if (!PARTS.contains(part)) {
            throw UsageException.unknown("part of a data set", part, PARTS);
        }
        Path codes = parsed.matchedOptionValue(OUT, Path.of(""));
        Path labels = parsed.matchedOptionValue(LABELS, null);
        ExportCommand.requirePlace(OUT, codes);
        if (labels != null) {
            ExportCommand.requirePlace(LABELS, labels);
        }
        RunCodes.Wanted wanted = new RunCodes.Wanted(
                parsed.matchedOptionValue(ExportCommand.RULE, null), layer, part.equals("train"), codes, labels);
        RunCodes written;
        try (Screen screen = Screen.of(err, false)) {
            written = RunCodes.write(run, SettingsMixin.given(parsed, OF_THE_MACHINE), wanted, new Progress(screen));
        }
        if (parsed.hasMatchedOption("--json")) {
            out.println(new ObjectMapper()
                    .createObjectNode()
                    .put("file", codes.toString())
                    .put("labels", labels == null ? null : labels.toString())
                    .put("layer", layer)
                    .put("images", written.images())
                    .put("width", written.width())
                    .put("rule", written.rule()));
        } else {
            out.println("Written: " + codes + " (" + written.images() + " x " + written.width() + ", layer " + layer
                    + ", " + written.rule() + ")");
        }
        return 0;
    }
}
