package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.export.Export;
import io.github.kib4j.model.Model;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib export}: a run's network for other programs. */
final class ExportCommand {
    private static final List<String> FORMATS = List.of("onnx", "safetensors", "npz");

    /** The option that names one of a run's rules. */
    static final String RULE = "--rule";

    private static final String TO = "--to";

    private ExportCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "export",
                "Writes the network of a run's checkpoint for other programs: ONNX, which computes what evaluation does from"
                        + " pixels between 0 and 1, or numbers as in training, and normalizes them; or its weights by PyTorch's"
                        + " names.");
        spec.addPositional(Parts.argument(0, true, Path.class, "RUN", "folder of a run", List.of()));
        spec.addPositional(Parts.argument(1, true, Path.class, "FILE", "is written", List.of()));
        spec.addOption(OptionSpec.builder(TO)
                .type(String.class)
                .paramLabel("FORMAT")
                .completionCandidates(FORMATS)
                .description("onnx, safetensors or npz (default: as FILE ends)")
                .build());
        spec.addOption(rule());
        spec.addOption(Parts.json("an object with file, format, rule, epoch"));
        return spec;
    }

    /** Returns the option that names one of a run's rules. */
    static OptionSpec rule() {
        return Parts.option(RULE, String.class, "NAME", "of a run of several rules this one");
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        Path run = parsed.matchedPositionalValue(0, Path.of(""));
        Path file = parsed.matchedPositionalValue(1, Path.of(""));
        String format = format(parsed.matchedOptionValue(TO, null), file);
        requirePlace("FILE", file);
        SavedModel model = Model.read(run, parsed.matchedOptionValue(RULE, null));
        model.passedOver().forEach(err::println);
        switch (format) {
            case "onnx" -> Export.onnx(model, file);
            case "safetensors" -> Export.safetensors(model, file);
            default -> Export.npz(model, file);
        }
        if (parsed.hasMatchedOption("--json")) {
            out.println(new ObjectMapper()
                    .createObjectNode()
                    .put("file", file.toString())
                    .put("format", format)
                    .put("rule", model.rule())
                    .put("epoch", model.progress().epoch()));
        } else {
            out.println("Written: " + file + " (" + format + ", " + model.rule() + ")");
        }
        return 0;
    }

    private static String format(@Nullable String named, Path file) {
        if (named != null) {
            if (!FORMATS.contains(named)) {
                throw UsageException.unknown("format", named, FORMATS);
            }
            return named;
        }
        String name = file.toString().toLowerCase(Locale.ROOT);
        return FORMATS.stream()
                .filter(format -> name.endsWith("." + format))
                .findFirst()
                .orElseThrow(() -> new UsageException("What " + file
                        + " is to be is not clear from its ending; give --to onnx, --to safetensors or --to npz."));
    }

    /** Refuses what cannot be written, before it is computed. */
    static void requirePlace(String option, Path file) {
        Path above = file.toAbsolutePath().getParent();
        if (file.toString().isBlank() || Files.isDirectory(file) || above == null || !Files.isDirectory(above)) {
            throw new UsageException(option + " must name a file in a folder that exists, but is '" + file + "'.");
        }
    }
}
