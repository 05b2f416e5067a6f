package io.github.kib4j.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.rule.Phase;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Whole training steps: images/s (least, median, greatest of the runs), GFLOP/s, and each phase's milliseconds of a step, as
 * Markdown on the standard output and, if a file is named, as JSON. Workloads take turns run by run, so that a drift of the
 * machine's speed meets all alike.
 *
 * <pre>TrainingBenchmark [--runs N] [--json FILE] [NETWORK/RULE/PRECISION ...]</pre>
 */
public final class TrainingBenchmark {
    private static final List<String> USUAL = List.of(
            "vgg/cosine-grp-div/f32",
            "vgg/gaussian-grp-div/f32",
            "vgg/backprop/f32",
            "vgg/cosine-grp-div/bf16",
            "mlp/cosine-grp-div/f32",
            "mlp/gaussian-grp-div/f32",
            "mlp/backprop/f32",
            "mlp/cosine-grp-div/bf16");
    /** Steps of one run: long enough for a second or more. */
    private static final int VGG_STEPS = 2;

    private static final int MLP_STEPS = 60;

    private TrainingBenchmark() {}

    /** What one workload came to. */
    private record Timing(Workload workload, List<Double> imagesPerSecond, List<double[]> phaseMilliseconds) {
        double quantile(double part) {
            double[] sorted =
                    imagesPerSecond.stream().mapToDouble(x -> x).sorted().toArray();
            return sorted[(int) Math.round(part * (sorted.length - 1))];
        }

        double phase(Phase phase) {
            double[] sorted = phaseMilliseconds.stream()
                    .mapToDouble(p -> p[phase.ordinal()])
                    .sorted()
                    .toArray();
            return sorted[sorted.length / 2];
        }
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws IOException {
        int runs = 5;
        Path json = null;
        List<String> names = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--runs" -> runs = Integer.parseInt(args[++i]);
                case "--json" -> json = Path.of(args[++i]);
                default -> names.add(args[i]);
            }
        }
        List<Timing> timings = new ArrayList<>();
        try (Device device = Devices.open("cpu", 0).device()) {
            (names.isEmpty() ? USUAL : names)
                    .forEach(name -> timings.add(new Timing(workload(name), new ArrayList<>(), new ArrayList<>())));
            for (int run = 0; run <= runs; run++) {
                for (Timing timing : timings) {
                    measure(device, timing, run > 0);
                }
            }
            System.out.print(markdown(device, timings, runs));
            if (json != null) {
                Files.writeString(
                        json,
                        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(toJson(device, timings))
                                + "\n");
            }
        }
    }

    private static Workload workload(String name) {
        String[] parts = name.split("/", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException(
                    "A workload is NETWORK/RULE/PRECISION, for example " + USUAL.get(0) + ", not " + name + ".");
        }
        return new Workload(parts[0], parts[1], Precision.valueOf(parts[2].toUpperCase(Locale.ROOT)));
    }

    /** Trains two epochs, the first to warm up; the first run of a workload does not count. */
    private static void measure(Device device, Timing timing, boolean counts) {
        int steps = timing.workload().isVgg() ? VGG_STEPS : MLP_STEPS;
        try (Trainer trainer = new Trainer(
                device, timing.workload().dataset(steps), timing.workload().config(2))) {
            trainer.trainEpoch(StepListener.NONE);
            long[] nanoseconds = new long[Phase.values().length];
            trainer.timePhases(nanoseconds);
            EpochResult epoch = Objects.requireNonNull(trainer.trainEpoch(StepListener.NONE));
            if (counts) {
                timing.imagesPerSecond().add(epoch.imagesPerSecond());
                timing.phaseMilliseconds()
                        .add(Arrays.stream(nanoseconds)
                                .mapToDouble(n -> n * 1e-6 / steps)
                                .toArray());
            }
        }
    }

    private static String markdown(Device device, List<Timing> timings, int runs) {
        StringBuilder table = new StringBuilder(
                "Device: " + device.description() + ". Java " + System.getProperty("java.version") + ". " + runs
                        + " runs of each workload in turn, after one that does not count; random images.\n\n| workload | images/s, median (least to greatest) | GFLOP/s |");
        String phases = Arrays.stream(Phase.values())
                .map(p -> p.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(" | "));
        table.append(' ')
                .append(phases)
                .append(" (ms a step) |\n|---|---|---|")
                .append("---|".repeat(Phase.values().length))
                .append('\n');
        for (Timing t : timings) {
            double median = t.quantile(0.5);
            table.append(String.format(
                    Locale.ROOT,
                    "| %s/%s/%s | %,.1f (%,.1f to %,.1f) | %.0f |",
                    t.workload().network(),
                    t.workload().rule(),
                    t.workload().precision().name().toLowerCase(Locale.ROOT),
                    median,
                    t.quantile(0),
                    t.quantile(1),
                    median * t.workload().operations() * 1e-9));
            for (Phase phase : Phase.values()) {
                table.append(String.format(Locale.ROOT, " %.2f |", t.phase(phase)));
            }
            table.append('\n');
        }
        return table.toString();
    }

    private static ObjectNode toJson(Device device, List<Timing> timings) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("device", device.description()).put("java", System.getProperty("java.version"));
        ArrayNode list = root.putArray("workloads");
        for (Timing t : timings) {
            ObjectNode node = list.addObject();
            node.put("network", t.workload().network())
                    .put("rule", t.workload().rule())
                    .put("precision", t.workload().precision().name());
            ArrayNode speeds = node.putArray("images_per_second");
            t.imagesPerSecond().forEach(speeds::add);
            ObjectNode phases = node.putObject("phase_milliseconds");
            Arrays.stream(Phase.values())
                    .forEach(phase -> phases.put(phase.name().toLowerCase(Locale.ROOT), t.phase(phase)));
        }
        return root;
    }
}
