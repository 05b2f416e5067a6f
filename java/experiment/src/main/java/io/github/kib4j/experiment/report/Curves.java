package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What there is to plot over epochs: every number, and every list of numbers of the layers, that any run's epochs have.
 *
 * @param main one plot each of what every run has
 * @param layers by title one plot for each layer
 * @param more one plot each of all other numbers
 */
record Curves(List<Plot> main, Map<String, List<Plot>> layers, List<Plot> more) {
    private static final String LOCAL_LOSSES = "local_losses";
    /** Of no interest over epochs. */
    private static final Set<String> PASSED_OVER = Set.of("epoch", "time", "peak_rss_bytes");

    private static final Map<String, String[]> MAIN = new LinkedHashMap<>();
    private static final Map<String, String[]> KNOWN = Map.of(
            "lr_local", new String[] {"Learning rate of hidden layers", ""},
            "lr_readout", new String[] {"Learning rate of the readout", ""},
            "seconds", new String[] {"Time of an epoch", "s"},
            "speed_of_light", new String[] {"Part of the device's peak", ""});

    static {
        MAIN.put("test_accuracy", new String[] {"Test accuracy", "%"});
        MAIN.put("train_accuracy", new String[] {"Training accuracy", "%"});
        MAIN.put("test_loss", new String[] {"Test loss", "nats"});
        MAIN.put("readout_loss", new String[] {"Readout loss in training", "nats"});
        MAIN.put("train_images_per_second", new String[] {"Speed of training", "images/s"});
    }

    /**
     * A plot.
     *
     * @param unit of its numbers; empty for none
     * @param epochs of all its lines
     * @param lines by the runs' numbers a value for each epoch, NaN where there is none
     */
    record Plot(String title, String unit, List<Integer> epochs, Map<Integer, double[]> lines) {}

    static Curves of(List<ReportedRun> runs) {
        List<Plot> main = new ArrayList<>();
        MAIN.forEach((name, title) -> add(main, runs, title[0], title[1], epoch -> epoch.path(name)));
        Map<String, List<Plot>> layers = new LinkedHashMap<>();
        List<Plot> more = new ArrayList<>();
        for (String name : names(runs)) {
            int length = length(runs, name);
            if (length > 0) {
                layers.putAll(ofLayers(runs, name, length));
            } else if (!MAIN.containsKey(name) && !PASSED_OVER.contains(name)) {
                String[] title = KNOWN.getOrDefault(name, new String[] {title(name), ""});
                add(more, runs, title[0], title[1], epoch -> epoch.path(name));
            }
        }
        return new Curves(main, layers, more);
    }

    private static List<String> names(List<ReportedRun> runs) {
        return runs.stream()
                .flatMap(run -> run.epochs().stream())
                .flatMap(epoch -> Stream.of(epoch.properties().toArray(Map.Entry[]::new)))
                .map(entry -> String.valueOf(entry.getKey()))
                .distinct()
                .toList();
    }

    private static int length(List<ReportedRun> runs, String name) {
        return runs.stream()
                .flatMap(run -> run.epochs().stream())
                .map(epoch -> epoch.path(name))
                .filter(JsonNode::isArray)
                .mapToInt(JsonNode::size)
                .max()
                .orElse(0);
    }

    /** Returns a list's plots by title: of local losses one title for each kind, since they have no scale in common. */
    private static Map<String, List<Plot>> ofLayers(List<ReportedRun> runs, String name, int length) {
        Map<String, List<Integer>> kinds = new LinkedHashMap<>();
        for (int i = 0; i < runs.size(); i++) {
            String kind = !name.equals(LOCAL_LOSSES)
                    ? title(name)
                    : runs.get(i).rule().startsWith("layerwise")
                            ? "Local loss: cross-entropy of each layer's classifier"
                            : "Local loss: dependence of codes on themselves, less gamma times that on labels";
            kinds.computeIfAbsent(kind, k -> new ArrayList<>()).add(i);
        }
        Map<String, List<Plot>> byTitle = new LinkedHashMap<>();
        kinds.forEach((kind, chosen) -> {
            List<Plot> plots = new ArrayList<>();
            for (int layer = 0; layer < length; layer++) {
                int index = layer;
                add(
                        plots,
                        runs,
                        chosen,
                        "Layer " + (layer + 1),
                        kind.contains("entropy") ? "nats" : "",
                        epoch -> epoch.path(name).path(index));
            }
            if (!plots.isEmpty()) {
                byTitle.put(kind, plots);
            }
        });
        return byTitle;
    }

    private static String title(String name) {
        String words = name.replace('_', ' ');
        return words.isEmpty() ? name : Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    private static void add(
            List<Plot> plots, List<ReportedRun> runs, String title, String unit, Function<JsonNode, JsonNode> value) {
        List<Integer> all =
                java.util.stream.IntStream.range(0, runs.size()).boxed().toList();
        add(plots, runs, all, title, unit, value);
    }

    /** Adds a plot, if there is anything to plot. */
    private static void add(
            List<Plot> plots,
            List<ReportedRun> runs,
            List<Integer> chosen,
            String title,
            String unit,
            Function<JsonNode, JsonNode> value) {
        Set<Integer> epochs = new TreeSet<>();
        Map<Integer, Map<Integer, Double>> values = new LinkedHashMap<>();
        for (int run : chosen) {
            Map<Integer, Double> line = new LinkedHashMap<>();
            for (JsonNode epoch : runs.get(run).epochs()) {
                JsonNode number = value.apply(epoch);
                if (number.isNumber() && Double.isFinite(number.asDouble())) {
                    line.put(epoch.path("epoch").asInt(), number.asDouble());
                }
            }
            if (!line.isEmpty()) {
                values.put(run, line);
                epochs.addAll(line.keySet());
            }
        }
        if (values.isEmpty()) {
            return;
        }
        Map<Integer, double[]> lines = new LinkedHashMap<>();
        values.forEach((run, line) -> lines.put(
                run,
                epochs.stream()
                        .mapToDouble(epoch -> line.getOrDefault(epoch, Double.NaN))
                        .toArray()));
        plots.add(new Plot(title, unit, List.copyOf(epochs), lines));
    }
}
