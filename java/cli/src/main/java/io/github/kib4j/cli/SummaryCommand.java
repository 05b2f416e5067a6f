package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.experiment.Experiment;
import io.github.kib4j.experiment.ImageCounts;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Run;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.DeviceDataset.Sizes;
import io.github.kib4j.train.MemoryEstimate;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib summary}: the network and the memory of a training, for the data that it would read. */
final class SummaryCommand {
    private final Settings settings;
    private final Source source;
    private final NetworkSpec network;

    private SummaryCommand(Settings settings, Source source) {
        this.settings = settings;
        this.source = source;
        RunPlan plan = new RunPlan(settings);
        network = plan.training(plan.rules().get(0), source.images.image(), source.images.classes())
                .network();
    }

    /** What is known of the images, and whether they were read for it. */
    private record Source(String name, Sizes images, boolean read) {}

    /** A row of the table. */
    private record Row(String title, String kind, Shape output, int groups, long parameters, long multiplications) {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "summary",
                "Describes the network of a preset, a configuration, options or a run's folder: layers,"
                        + " parameters, multiplications of an image, and the memory that training needs. It reads the"
                        + " data set; of a published one that is not here it takes the published sizes.");
        spec.addPositional(Parts.argument(0, false, Path.class, "RUN", "folder of a run", List.of()));
        SettingsMixin.addOptions(spec);
        spec.addOption(Parts.json("an object with dataset, model, layers, parameters, multiplications, batch,"
                + " memory (bytes by kind; null if beyond counting), arena_bytes (of a step, by rule),"
                + " available_memory_bytes, device_memory (of a device with memory of its own: total_bytes, free_bytes,"
                + " libraries_bytes; else null)"));
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out, PrintStream err) throws IOException {
        Path run = parsed.matchedPositionalValue(0, null);
        Experiment experiment = run == null
                ? SettingsMixin.experiment(parsed)
                : Run.resume(run, SettingsMixin.alone(parsed)).experiment();
        Source recorded = run == null ? null : recorded(new RunFolder(run).readRun());
        Source source = recorded != null ? recorded : source(experiment.settings(), err);
        Experiment fitted = experiment.fitted(source.images);
        if (run == null) {
            fitted.notes().forEach(err::println);
        }
        SummaryCommand summary = new SummaryCommand(fitted.settings(), source);
        if (parsed.hasMatchedOption("--json")) {
            out.println(summary.json());
        } else {
            summary.print(out);
        }
        return 0;
    }

    private List<Row> rows() {
        List<Shape> shapes = network.shapes();
        List<Row> rows = new ArrayList<>();
        int last = network.hidden().size();
        for (int i = 0; i < last; i++) {
            LayerSpec layer = network.hidden().get(i);
            String kind = layer.isConvolution() ? "convolution 3x3" : "linear";
            String pooled = layer.pooling() == Pooling.NONE ? "" : ", pool";
            long learned = layer.parameters(shapes.get(i));
            int groups = layer.grouping() == null ? 0 : layer.grouping().groups();
            rows.add(new Row(
                    "hidden " + (i + 1),
                    kind + pooled,
                    shapes.get(i + 1),
                    groups,
                    learned,
                    network.multiplications(i)));
        }
        long readout = (network.readoutInputs() + 1) * network.outputs();
        Shape output = Shape.of(network.outputs());
        String kind = network.readout().readsAll() ? "linear, of all layers" : "linear";
        rows.add(new Row("readout", kind, output, 0, readout, network.multiplications(last)));
        return rows;
    }

    private long multiplications() {
        return rows().stream().mapToLong(Row::multiplications).sum();
    }

    private void print(PrintStream out) {
        out.println(
                describe(source.name, source.images) + (source.read ? "" : " (as published; its files are not here)"));
        String format = "%-9s %-22s %-13s %6s %,10d %,15d%n";
        String heading = format.replace(",", "").replace("d", "s");
        out.printf(heading, "layer", "", "output", "groups", "parameters", "multiplications");
        for (Row of : rows()) {
            String groups = of.groups == 0 ? "" : String.valueOf(of.groups);
            out.printf(Locale.ROOT, format, of.title, of.kind, of.output, groups, of.parameters, of.multiplications);
        }
        out.printf(Locale.ROOT, format, "all", "", "", "", network.parameters(), multiplications());
        RunPlan.Memory planned = new RunPlan(settings).memory(source.images);
        Map<String, MemoryEstimate> memory = planned.byRule();
        String row = "%-48s %,20d%n";
        out.println("Bytes in a step of " + settings.text(Key.BATCH) + " images, as planned:");
        for (int i = 0; i < network.hidden().size(); i++) {
            String what = "written by hidden " + (i + 1) + "'s forward pass";
            activations(memory, i).ifPresent(bytes -> out.printf(Locale.ROOT, row, what, bytes));
        }
        memory.forEach((rule, estimate) ->
                out.printf(Locale.ROOT, row, "activations, gradients, scratch: " + rule, estimate.arena()));
        out.println("Memory that training needs at batch " + settings.text(Key.BATCH) + ": "
                + planned.largest().map(planned.budget()::describe).orElse(MemoryEstimate.UNCOUNTABLE) + ".");
    }

    private String json() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        ObjectNode dataset = json.putObject("dataset").put("name", source.name);
        extents(dataset.putArray("image"), source.images.image());
        dataset.put("classes", source.images.classes()).put("train_images", source.images.train());
        dataset.put("test_images", source.images.test()).put("read", source.read);
        json.put("model", settings.text(Key.MODEL));
        ArrayNode layers = json.putArray("layers");
        RunPlan.Memory planned = new RunPlan(settings).memory(source.images);
        Map<String, MemoryEstimate> memory = planned.byRule();
        List<Row> rows = rows();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            ObjectNode layer = layers.addObject().put("name", row.title).put("kind", row.kind);
            extents(layer.putArray("output"), row.output);
            layer.put("groups", row.groups).put("parameters", row.parameters);
            layer.put("multiplications", row.multiplications);
            activations(memory, i).ifPresent(bytes -> layer.put("activation_bytes", bytes));
        }
        json.put("parameters", network.parameters()).put("multiplications", multiplications());
        json.put("batch", settings.integer(Key.BATCH));
        json.set("memory", planned.largest().map(SummaryCommand::bytes).orElse(null));
        ObjectNode arenas = json.putObject("arena_bytes");
        memory.forEach((rule, estimate) -> arenas.put(rule, estimate.arena()));
        OptionalLong host = planned.budget().host();
        json.put("available_memory_bytes", host.isEmpty() ? null : host.getAsLong());
        json.set(
                "device_memory",
                planned.budget().device().map(SummaryCommand::bytes).orElse(null));
        return json.toString();
    }

    private static void extents(ArrayNode array, Shape shape) {
        for (int i = 0; i < shape.rank(); i++) {
            array.add(shape.extent(i));
        }
    }

    private static ObjectNode bytes(MemoryEstimate estimate) {
        ObjectNode bytes = new ObjectMapper().createObjectNode().put("total", estimate.total());
        bytes.put("parameters", estimate.parameters()).put("optimizer", estimate.optimizer());
        bytes.put("arena", estimate.arena()).put("tables", estimate.tables());
        bytes.put("dataset", estimate.dataset());
        return bytes.put("process", estimate.process());
    }

    private static ObjectNode bytes(DeviceMemory memory) {
        ObjectNode bytes = new ObjectMapper().createObjectNode().put("total_bytes", memory.total());
        return bytes.put("free_bytes", memory.free()).put("libraries_bytes", memory.libraries());
    }

    /** Returns the bytes that a hidden layer's forward pass writes, the same under each rule; empty for the readout. */
    private static OptionalLong activations(Map<String, MemoryEstimate> memory, int layer) {
        return memory.values().stream()
                .limit(1)
                .flatMap(estimate -> estimate.layers().stream().skip(layer).limit(1))
                .mapToLong(Long::longValue)
                .findFirst();
    }

    /** Returns what a data set holds, in words. */
    static String describe(String name, Sizes images) {
        String noun = ImageCounts.noun(images.image());
        return name + ": " + Words.count(images.train(), "training " + noun) + ", "
                + Words.count(images.test(), "test " + noun) + ", " + ImageCounts.image(images.image()) + ", "
                + Words.count(images.classes(), "class");
    }

    /** Returns what a run's record says of its images, which may lie elsewhere by now; null where it says nothing. */
    private static @Nullable Source recorded(@Nullable ObjectNode record) {
        JsonNode data = record == null ? MissingNode.getInstance() : record.path("data");
        String image = data.path("image").asText("");
        if (!image.matches("[0-9]{1,6}( x [0-9]{1,6}){0,2}")
                || !data.path("classes").isArray()) {
            return null;
        }
        int[] extents =
                Arrays.stream(image.split(" x ")).mapToInt(Integer::parseInt).toArray();
        DataType type = data.path("numbers").asText().equals("floats") ? DataType.F32 : DataType.U8;
        int train = data.path("train_images").asInt();
        int test = data.path("test_images").asInt();
        return new Source(
                data.path("name").asText(),
                new Sizes(Shape.of(extents), type, data.get("classes").size(), train, test),
                true);
    }

    /** Reads the data set, unless its sizes are known: it is generated, or published and not here. */
    private static Source source(Settings settings, PrintStream err) {
        String name = settings.choice(Key.DATASET);
        RunPlan plan = new RunPlan(settings);
        Optional<Sizes> known = plan.knownImages();
        boolean absent = settings.text(Key.DATA).isEmpty()
                && Datasets.published().contains(name)
                && Datasets.find(name).isEmpty();
        return known.isPresent() && (absent || name.equals("shapes"))
                ? new Source(name, known.get(), !absent)
                : new Source(name, Sizes.of(plan.dataset(err::println)), true);
    }
}
