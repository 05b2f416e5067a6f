package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.report.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib report}: runs as one page of HTML. */
final class ReportCommand {
    private static final List<Key> OF_THE_MACHINE = List.of(Key.DATA, Key.DEVICE, Key.THREADS, Key.LIMIT_TEST);

    private ReportCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "report",
                "Writes a page of HTML that needs no network: curves, final figures beside the paper's, filters,"
                        + " what each layer finds similar, confusions, the worst mistakes, settings; of a run, or of"
                        + " several compared.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0..*")
                .arity("1..*")
                .required(true)
                .type(List.class)
                .auxiliaryTypes(Path.class)
                .paramLabel("DIR")
                .description("folders of runs, of rules of a run, or with runs below them")
                .build());
        spec.addOption(Parts.option(
                "--out",
                Path.class,
                "FILE",
                "the page (default: report.html in DIR; of several, in the folder this is typed in)"));
        for (Key key : OF_THE_MACHINE) {
            String help = key == Key.LIMIT_TEST
                    ? "try so many test images, chosen as for training; 0 for all (default: as many as take seconds)"
                    : key.help();
            spec.addOption(
                    Parts.option("--" + key.title(), String.class, key.type().label(), help));
        }
        spec.addOption(Parts.json("an object with report, runs (how many), missing (a list of sentences)"));
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        List<Path> folders = parsed.matchedPositionalValue(0, List.of());
        Path place = folders.size() == 1 ? folders.get(0) : Path.of("");
        Path file = parsed.matchedOptionValue("--out", new RunFolder(place).report());
        try (Screen screen = Screen.of(err, false)) {
            Report report = Report.of(folders, SettingsMixin.given(parsed, OF_THE_MACHINE), screen::status);
            report.write(file);
            screen.close();
            if (parsed.hasMatchedOption("--json")) {
                ObjectNode result = new ObjectMapper().createObjectNode();
                result.put("report", file.toString()).put("runs", report.runs());
                report.notes().forEach(result.putArray("missing")::add);
                out.println(result);
            } else {
                report.notes().forEach(note -> screen.line("Missing: " + note));
                out.println("Report: " + file);
            }
        }
        return 0;
    }
}
