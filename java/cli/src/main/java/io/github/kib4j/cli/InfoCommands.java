package io.github.kib4j.cli;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.datasets.Fetcher;
import io.github.kib4j.datasets.Selection;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.MemoryEstimate;
import io.github.kib4j.train.MemoryEstimate.Images;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** Commands that tell or fetch: {@code presets, data, doctor, summary}. */
final class InfoCommands {
    private InfoCommands() {}

    static CommandSpec presetsSpec() {
        CommandSpec spec = CommandSpec.create().name("presets").mixinStandardHelpOptions(true);
        spec.usageMessage().description("Lists all presets, with the test accuracy that the paper reports.");
        return spec;
    }

    static int presets(PrintStream out) {
        Presets presets = new Presets();
        for (String name : presets.names()) {
            double paper = presets.paperAccuracy(name);
            out.println(Double.isNaN(paper) ? name : String.format(Locale.ROOT, "%-48s %5.1f %%", name, paper));
        }
        return 0;
    }

    static CommandSpec dataSpec() {
        CommandSpec spec = CommandSpec.create().name("data").mixinStandardHelpOptions(true);
        spec.usageMessage().description("Data sets: list, fetch NAME, verify NAME.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .type(String.class)
                .paramLabel("list|fetch|verify")
                .required(true)
                .description("what to do")
                .build());
        spec.addPositional(PositionalParamSpec.builder()
                .index("1")
                .arity("0..1")
                .type(String.class)
                .paramLabel("NAME")
                .description("a data set")
                .build());
        spec.addOption(OptionSpec.builder("--data")
                .type(Path.class)
                .paramLabel("DIR")
                .description("where its files are or are put")
                .build());
        return spec;
    }

    static int data(ParseResult parsed, PrintStream out, PrintStream err) {
        String action = parsed.matchedPositionalValue(0, "");
        String name = parsed.matchedPositionalValue(1, "");
        Path folder = parsed.matchedOptionValue("--data", null);
        switch (action) {
            case "list" -> list(out);
            case "fetch" -> {
                requireName(action, name, Datasets.published());
                Path target = folder == null ? Datasets.cache().resolve(name) : folder;
                new Fetcher(err::println).fetch(name, target);
                out.println(name + " is in " + target);
            }
            case "verify" -> {
                requireName(action, name, Datasets.names());
                List<String> notes = new ArrayList<>();
                Dataset dataset = Datasets.load(name, folder, 0, Selection.ALL, notes::add);
                out.println(name + ": " + dataset.train().count() + " training and "
                        + dataset.test().count() + " test images of "
                        + dataset.train().image() + ", " + dataset.train().classes()
                        + " classes; all files read, sizes and labels right.");
                notes.forEach(out::println);
                if (Datasets.published().contains(name)) {
                    Datasets.checksums(name, folder).forEach(line -> out.println("  " + line));
                }
            }
            default -> throw new UsageException("'kib data' can list, fetch or verify, not '" + action + "'.");
        }
        return 0;
    }

    private static void requireName(String action, String name, List<String> names) {
        if (!names.contains(name)) {
            throw new UsageException((name.isEmpty()
                            ? "'kib data " + action + "' needs the name of a data set"
                            : "There is no data set '" + name + "' to " + action)
                    + "; choose one of: " + String.join(", ", names) + ".");
        }
    }

    private static void list(PrintStream out) {
        for (String name : Datasets.names()) {
            String where = !Datasets.published().contains(name)
                    ? (name.equals("folder") ? "your images: --data DIR" : "generated")
                    : Datasets.find(name)
                            .map(Path::toString)
                            .orElse("not found; run 'kib data fetch " + name + "' or give --data DIR");
            out.printf("%-14s %s%n", name, where);
        }
    }

    static CommandSpec doctorSpec() {
        CommandSpec spec = CommandSpec.create().name("doctor").mixinStandardHelpOptions(true);
        spec.usageMessage().description("Says which devices and data sets there are, and why not.");
        return spec;
    }

    static int doctor(PrintStream out) {
        out.println("kib4j " + Kib.VERSION + ", Java " + System.getProperty("java.version") + ", "
                + Runtime.getRuntime().availableProcessors() + " processors, heap up to "
                + (Runtime.getRuntime().maxMemory() >> 20) + " MB");
        out.println("\nDevices, best first:");
        for (DeviceProvider provider : Devices.providers()) {
            Optional<String> reason = provider.unavailable();
            if (reason.isPresent()) {
                out.println("  " + provider.name() + ": not usable: " + reason.get());
            } else {
                try (Device device = provider.open(0)) {
                    out.println("  " + device.description());
                }
            }
        }
        out.println("  cuda: not part of this build");
        out.println("\nData sets:");
        list(out);
        Path here = Path.of("").toAbsolutePath();
        out.println("\nRuns are written to " + here.resolve("runs")
                + (Files.isWritable(here) ? "" : ", which cannot be written: give --out DIR"));
        return 0;
    }

    static CommandSpec summarySpec() {
        CommandSpec spec = CommandSpec.create().name("summary").mixinStandardHelpOptions(true);
        spec.usageMessage().description("Describes the network of a preset, a configuration or a run's folder.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .arity("0..1")
                .type(Path.class)
                .paramLabel("RUN")
                .description("folder of a run")
                .build());
        SettingsMixin.addOptions(spec);
        return spec;
    }

    static int summary(ParseResult parsed, PrintStream out) {
        Path run = parsed.matchedPositionalValue(0, null);
        Settings settings = SettingsMixin.merge(parsed).settings();
        if (run != null) {
            Path config = new RunFolder(run).config();
            if (!Files.isRegularFile(config)) {
                throw new UsageException(
                        "There is no run in " + run + " (it has no config.toml); name the folder of a run.");
            }
            settings = Settings.read(config).settings();
        }
        Images images = images(settings.choice(Key.DATASET, Datasets.names().toArray(new String[0])));
        RunPlan plan = new RunPlan(settings);
        NetworkSpec network = plan.training(plan.rules().get(0), images.image(), images.classes())
                .network();
        List<Shape> shapes = network.shapes();
        out.printf("%-28s %-18s %8s %12s %15s%n", "layer", "output", "groups", "parameters", "multiplications");
        long multiplications = 0;
        for (int i = 0; i <= network.hidden().size(); i++) {
            boolean readout = i == network.hidden().size();
            long own = network.multiplications(i);
            multiplications += own;
            LayerSpec layer = network.hidden().get(Math.min(i, network.hidden().size() - 1));
            String title =
                    readout ? "readout" : "hidden " + i + " " + (layer.isConvolution() ? "convolution 3x3" : "linear");
            Shape output = readout ? Shape.of(network.outputs()) : shapes.get(i + 1);
            long parameters = readout
                    ? (shapes.get(i).size() + 1) * network.outputs()
                    : layer.weight(shapes.get(i)).size();
            String groups = readout || layer.grouping() == null
                    ? ""
                    : String.valueOf(layer.grouping().groups());
            out.printf(Locale.ROOT, "%-28s %-18s %8s %,12d %,15d%n", title, output, groups, parameters, own);
        }
        out.printf(Locale.ROOT, "%-28s %-18s %8s %,12d %,15d%n", "all", "", "", network.parameters(), multiplications);
        sayMemory(settings, images, out);
        return 0;
    }

    private static void sayMemory(Settings settings, Images images, PrintStream out) {
        String need = MemoryCheck.estimate(settings, images, settings.text(Key.DEVICE))
                .map(estimate -> "about " + MemoryEstimate.megabytes(estimate.total()) + ": " + estimate.describe())
                .orElse("more than can be counted");
        OptionalLong available = new SystemMemory(Path.of("/")).available();
        out.println("Memory that training needs at batch " + settings.text(Key.BATCH) + ": " + need
                + (available.isEmpty() ? "" : "; available: " + MemoryEstimate.megabytes(available.getAsLong())) + ".");
    }

    /** Returns what the images of a data set are like, without reading it. */
    private static Images images(String dataset) {
        return switch (dataset) {
            case "mnist", "fashion-mnist", "kmnist" -> new Images(Shape.of(1, 28, 28), 10, 60_000, 10_000);
            case "cifar100" -> new Images(Shape.of(3, 32, 32), 100, 50_000, 10_000);
            case "cifar10" -> new Images(Shape.of(3, 32, 32), 10, 50_000, 10_000);
            default -> new Images(Shape.of(3, 32, 32), 10, 8_000, 2_000);
        };
    }
}
