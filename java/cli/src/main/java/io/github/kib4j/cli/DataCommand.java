package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.datasets.Comparison;
import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.datasets.Fetcher;
import io.github.kib4j.datasets.Reading;
import io.github.kib4j.datasets.Recognised;
import io.github.kib4j.datasets.Selection;
import io.github.kib4j.experiment.ImageCounts;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.experiment.Words;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The command that tells of data sets and fetches them: {@code data}. */
final class DataCommand {
    private static final List<String> ACTIONS = List.of("list", "fetch", "verify");

    private DataCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command("data", "Data sets: list, fetch NAME, verify NAME.");
        spec.addPositional(Parts.argument(0, true, String.class, "list|fetch|verify", "what to do", ACTIONS));
        spec.addPositional(Parts.argument(1, false, String.class, "NAME", "a data set", Datasets.names()));
        spec.addOption(Parts.option("--data", Path.class, "DIR", "where its files are or are put"));
        spec.addOption(option(Key.LABEL));
        spec.addOption(option(Key.LEAVE_OUT));
        spec.addOption(
                Parts.json("with list, objects with name, kind (generated, own or published) and path (null where it"
                        + " is not found)"));
        return spec;
    }

    private static OptionSpec option(Key key) {
        return Parts.option("--" + key.title(), String.class, key.type().label(), key.help());
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) {
        String action = parsed.matchedPositionalValue(0, "");
        String name = parsed.matchedPositionalValue(1, "");
        Path folder = parsed.matchedOptionValue("--data", null);
        boolean json = parsed.hasMatchedOption("--json");
        if (json && !action.equals("list")) {
            throw new UsageException("--json means something to 'kib data list' only; leave it out.");
        }
        switch (action) {
            case "list" -> {
                if (json) {
                    out.println(datasets());
                } else {
                    list("", out);
                }
            }
            case "fetch" -> {
                name = requireName(action, name, Datasets.published());
                Path target = folder == null ? Datasets.cache().resolve(name) : folder;
                new Fetcher(err::println).fetch(name, target);
                out.println(name + " is in " + target);
            }
            case "verify" -> {
                if (name.isEmpty() && folder != null) {
                    Recognised recognised = Datasets.recognise(folder);
                    out.println(recognised);
                    name = recognised.dataset();
                    folder = recognised.place();
                }
                name = requireName(action, name, Datasets.names());
                List<String> notes = new ArrayList<>();
                Settings given = SettingsMixin.given(parsed, List.of(Key.LABEL, Key.LEAVE_OUT));
                Reading reading = new Reading(Selection.ALL, new RunPlan(given).columns());
                Dataset dataset = Datasets.load(name, folder, 0, reading, notes::add);
                out.println(name + ": " + ImageCounts.of(dataset) + "; all files read, sizes and labels right.");
                notes.forEach(out::println);
                if (Datasets.published().contains(name)) {
                    compare(name, folder, out);
                }
            }
            default ->
                throw new UsageException("'kib data' can list, fetch or verify, not '" + action + "'"
                        + Words.didYouMean(action, ACTIONS, ";") + " '" + Invocation.of("data", "--help")
                        + "' lists all.");
        }
        return 0;
    }

    /** Returns which options help where a data set is not found: the end of what says so. */
    static String where(String dataset) {
        return (Datasets.published().contains(dataset)
                        ? " '" + Invocation.of("data", "fetch", dataset) + "' fetches it;"
                        : "")
                + " --data DIR names the place.";
    }

    /** Says what the files are; fails if one holds other data than its publisher's. */
    private static void compare(String name, @Nullable Path folder, PrintStream out) {
        List<Comparison> files = Datasets.compare(name, folder);
        files.forEach(file -> out.println("  " + file));
        List<String> different = files.stream()
                .filter(file -> file.verdict() == Comparison.Verdict.DIFFERENT)
                .map(Comparison::file)
                .toList();
        if (!different.isEmpty()) {
            throw new DatasetException("The data of " + String.join(", ", different) + " are not those that " + name
                    + "'s publisher gives; fetch them again, or use them knowing that.");
        }
    }

    private static String requireName(String action, String name, List<String> names) {
        if (name.isEmpty()) {
            throw new UsageException("'kib data " + action + "' needs the name of a data set; choose one of: "
                    + String.join(", ", names) + ".");
        }
        return Words.same(name, names).orElseThrow(() -> UsageException.unknown("data set to " + action, name, names));
    }

    /** Returns all data sets, and where they are. */
    static ArrayNode datasets() {
        ArrayNode list = new ObjectMapper().createArrayNode();
        for (String name : Datasets.names()) {
            boolean published = Datasets.published().contains(name);
            Optional<Path> place = published ? Datasets.find(name) : Optional.empty();
            ObjectNode one = list.addObject().put("name", name);
            one.put("kind", published ? "published" : name.equals("shapes") ? "generated" : "own");
            one.put("path", place.map(path -> path.toAbsolutePath().toString()).orElse(null));
        }
        return list;
    }

    /** Prints all data sets, and where they are. */
    static void list(String indent, PrintStream out) {
        for (String name : Datasets.names()) {
            String where = !Datasets.published().contains(name)
                    ? switch (name) {
                        case "folder" -> "your images: --data DIR";
                        case "csv" -> "your table: --data FILE.csv";
                        case "npy" -> "your arrays of numpy's: --data FILE.npz, or a folder of .npy";
                        case "stl10" -> "STL-10's binary version: --data DIR";
                        case "idx" -> "your files like MNIST's (EMNIST, QMNIST, Kuzushiji-49, ...): --data DIR";
                        default -> "generated";
                    }
                    : Datasets.find(name)
                            .map(Path::toString)
                            .orElse("not found; run '" + Invocation.of("data", "fetch", name) + "' or give --data DIR");
            out.printf("%s%-14s %s%n", indent, name, where);
        }
    }
}
