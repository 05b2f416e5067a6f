package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.ThreadCount;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.op.DevicePart;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.train.Version;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** The command that tells what this machine has: {@code doctor}. */
final class DoctorCommand {
    private DoctorCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command("doctor", "Says which devices and data sets there are, and why not.");
        spec.addOption(
                Parts.json("version, java, processors, omp_num_threads, heap_bytes, devices (name, usable, description"
                        + " or reason), parts (what kinds of devices need: device, name, found, and problem where there is"
                        + " one), datasets (as of 'kib data list'), runs (their folder), runs_writable"));
        return spec;
    }

    /** A device, and what it is or why it is not usable. */
    private record Found(String name, boolean usable, String description) {}

    /** A kind of device: those of it, and what it needs. */
    private record Kind(String name, List<Found> devices, List<DevicePart> parts) {}

    private static List<Kind> kinds() {
        List<Kind> kinds = new ArrayList<>();
        for (DeviceProvider provider : Devices.providers()) {
            List<Found> devices = provider.unavailable()
                    .map(reason -> List.of(new Found(provider.name(), false, reason)))
                    .orElseGet(() ->
                            provider.devices().stream().map(DoctorCommand::open).toList());
            kinds.add(new Kind(provider.name(), devices, provider.isAbsent() ? List.of() : provider.parts()));
        }
        if (kinds.stream().noneMatch(kind -> kind.name().equals("cuda"))) {
            kinds.add(new Kind("cuda", List.of(new Found("cuda", false, "not part of this build")), List.of()));
        }
        return kinds;
    }

    private static Found open(DeviceInfo info) {
        int threads = ThreadCount.of(new Settings()).threads();
        try (Device device = Devices.open(info.name(), threads).device()) {
            return new Found(info.name(), true, device.description());
        } catch (RuntimeException e) {
            if (e instanceof KibFailure failure) {
                return new Found(info.name(), false, failure.getMessage());
            }
            throw e;
        }
    }

    static int run(ParseResult parsed, PrintStream out) {
        Path runs = Path.of("").toAbsolutePath().resolve("runs");
        boolean writable = Files.isWritable(Files.isDirectory(runs) ? runs : runs.getParent());
        int processors = Runtime.getRuntime().availableProcessors();
        long heap = Runtime.getRuntime().maxMemory();
        if (parsed.hasMatchedOption("--json")) {
            ObjectNode json = new ObjectMapper().createObjectNode().put("version", Version.NUMBER);
            json.put("java", System.getProperty("java.version")).put("processors", processors);
            json.put("omp_num_threads", System.getenv("OMP_NUM_THREADS")).put("heap_bytes", heap);
            write(kinds(), json.putArray("devices"), json.putArray("parts"));
            json.set("datasets", DataCommand.datasets());
            out.println(json.put("runs", runs.toString()).put("runs_writable", writable));
            return 0;
        }
        out.println("kib4j " + Version.NUMBER + ", Java " + System.getProperty("java.version") + ", "
                + Words.count(processors, "processor") + ", heap up to " + DeviceMemory.megabytes(heap));
        out.println("\nDevices, best first:");
        kinds().forEach(kind -> print(kind, out));
        Optional.ofNullable(ThreadCount.of(new Settings()).note()).ifPresent(note -> out.println("  " + note));
        out.println("\nData sets:");
        DataCommand.list("  ", out);
        out.println("\nRuns are written to " + runs + (writable ? "" : ", which cannot be written: give --out DIR"));
        return 0;
    }

    private static void write(List<Kind> kinds, ArrayNode devices, ArrayNode parts) {
        for (Kind kind : kinds) {
            for (Found device : kind.devices()) {
                devices.addObject()
                        .put("name", device.name())
                        .put("usable", device.usable())
                        .put(device.usable() ? "description" : "reason", device.description());
            }
            for (DevicePart part : kind.parts()) {
                ObjectNode one = parts.addObject().put("device", kind.name()).put("name", part.name());
                one.put("found", part.found());
                part.problem().ifPresent(problem -> one.put("problem", problem));
            }
        }
    }

    private static void print(Kind kind, PrintStream out) {
        for (Found device : kind.devices()) {
            out.println("  " + (device.usable() ? "" : device.name() + ": not usable: ") + device.description());
        }
        int width = kind.parts().stream()
                .mapToInt(part -> part.name().length())
                .max()
                .orElse(0);
        for (DevicePart part : kind.parts()) {
            String found = part.found()
                    + part.problem()
                            .map(problem -> (part.found().isEmpty() ? "" : ": ") + problem)
                            .orElse("");
            out.println("    " + part.name() + " ".repeat(width - part.name().length() + 2) + found);
        }
    }
}
