package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.datasets.Comparison;
import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.datasets.Fetcher;
import io.github.kib4j.datasets.Recognised;
import io.github.kib4j.datasets.Selection;
import io.github.kib4j.experiment.ImageCounts;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.ThreadCount;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.train.MemoryEstimate;
import io.github.kib4j.train.Version;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** Commands that tell or fetch: {@code data, doctor}. */
final class InfoCommands {
    private static final List<String> ACTIONS = List.of("list", "fetch", "verify");

    private InfoCommands() {}

    static CommandSpec dataSpec() {
        CommandSpec spec = Parts.command("data", "Data sets: list, fetch NAME, verify NAME.");
        spec.addPositional(Parts.argument(0, true, String.class, "list|fetch|verify", "what to do", ACTIONS));
        spec.addPositional(Parts.argument(1, false, String.class, "NAME", "a data set", Datasets.names()));
        spec.addOption(Parts.option("--data", Path.class, "DIR", "where its files are or are put"));
        spec.addOption(
                Parts.json("with list, objects with name, kind (generated, own or published) and path (null where it"
                        + " is not found)"));
        return spec;
    }

    static int data(ParseResult parsed, PrintStream out, PrintStream err) {
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
                Dataset dataset = Datasets.load(name, folder, 0, Selection.ALL, notes::add);
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

    private static ArrayNode datasets() {
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

    private static void list(String indent, PrintStream out) {
        for (String name : Datasets.names()) {
            String where = !Datasets.published().contains(name)
                    ? switch (name) {
                        case "folder" -> "your images: --data DIR";
                        case "idx" -> "your files like MNIST's (EMNIST, QMNIST, Kuzushiji-49, ...): --data DIR";
                        default -> "generated";
                    }
                    : Datasets.find(name)
                            .map(Path::toString)
                            .orElse("not found; run '" + Invocation.of("data", "fetch", name) + "' or give --data DIR");
            out.printf("%s%-14s %s%n", indent, name, where);
        }
    }

    static CommandSpec doctorSpec() {
        CommandSpec spec = Parts.command("doctor", "Says which devices and data sets there are, and why not.");
        spec.addOption(
                Parts.json("version, java, processors, omp_num_threads, heap_bytes, devices (name, usable, description"
                        + " or reason), datasets (as of 'kib data list'), runs (their folder), runs_writable"));
        return spec;
    }

    /** A device, and what it is or why it is not usable. */
    private record Found(String name, boolean usable, String description) {}

    private static List<Found> devices() {
        List<Found> found = new ArrayList<>();
        for (DeviceProvider provider : Devices.providers()) {
            Optional<String> reason = provider.unavailable();
            if (reason.isPresent()) {
                found.add(new Found(provider.name(), false, reason.get()));
            } else {
                for (DeviceInfo info : provider.devices()) {
                    try (Device device = Devices.open(
                                    info.name(), ThreadCount.of(new Settings()).threads())
                            .device()) {
                        found.add(new Found(info.name(), true, device.description()));
                    }
                }
            }
        }
        if (found.stream().noneMatch(device -> device.name.equals("cuda"))) {
            found.add(new Found("cuda", false, "not part of this build"));
        }
        return found;
    }

    static int doctor(ParseResult parsed, PrintStream out) {
        Path runs = Path.of("").toAbsolutePath().resolve("runs");
        boolean writable = Files.isWritable(Files.isDirectory(runs) ? runs : runs.getParent());
        int processors = Runtime.getRuntime().availableProcessors();
        long heap = Runtime.getRuntime().maxMemory();
        if (parsed.hasMatchedOption("--json")) {
            ObjectNode json = new ObjectMapper().createObjectNode().put("version", Version.NUMBER);
            json.put("java", System.getProperty("java.version")).put("processors", processors);
            json.put("omp_num_threads", System.getenv("OMP_NUM_THREADS")).put("heap_bytes", heap);
            ArrayNode devices = json.putArray("devices");
            devices()
                    .forEach(device -> devices.addObject()
                            .put("name", device.name)
                            .put("usable", device.usable)
                            .put(device.usable ? "description" : "reason", device.description));
            json.set("datasets", datasets());
            out.println(json.put("runs", runs.toString()).put("runs_writable", writable));
            return 0;
        }
        out.println("kib4j " + Version.NUMBER + ", Java " + System.getProperty("java.version") + ", "
                + Words.count(processors, "processor") + ", heap up to " + MemoryEstimate.megabytes(heap));
        out.println("\nDevices, best first:");
        devices()
                .forEach(device ->
                        out.println("  " + (device.usable ? "" : device.name + ": not usable: ") + device.description));
        Optional.ofNullable(ThreadCount.of(new Settings()).note()).ifPresent(note -> out.println("  " + note));
        out.println("\nData sets:");
        list("  ", out);
        out.println("\nRuns are written to " + runs + (writable ? "" : ", which cannot be written: give --out DIR"));
        return 0;
    }
}
