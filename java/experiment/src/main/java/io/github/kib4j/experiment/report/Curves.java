package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What there is to plot over epochs: every number, and every list of numbers of the layers, that any run's epochs have.
 *
 * @param main one plot each of what every run has
 * @param layers by title one plot for each layer
 * @param more one plot each of all other numbers
 */
record Curves(List<Plots.Plot> main, Map<String, List<Plots.Plot>> layers, List<Plots.Plot> more) {
    /** Of no interest over epochs. */
    private static final Set<String> PASSED_OVER = Set.of("epoch", "time", "peak_rss_bytes");
    /** What {@link LayersSection} shows. */
    private static final Set<String> ELSEWHERE = LayersSection.names();
    /** Entries of a list up to which it is of layers. */
    private static final int MOST_LAYERS = 100;

    /** What every run has, in the order in which it is shown. */
    static final List<String> MAIN =
            List.of("test_accuracy", "train_accuracy", "test_loss", "readout_loss", "train_images_per_second");

    private static final Map<String, Quantity> KNOWN = Map.ofEntries(
            Map.entry("test_accuracy", new Quantity("Test accuracy", "%")),
            Map.entry("test_accuracy_with_flips", new Quantity("Test accuracy, each image with its mirror image", "%")),
            Map.entry("current_test_accuracy", new Quantity("Test accuracy of weights that are not averaged", "%")),
            Map.entry("current_test_loss", new Quantity("Test loss of weights that are not averaged", "nats")),
            Map.entry("train_accuracy", new Quantity("Training accuracy", "%")),
            Map.entry("test_loss", new Quantity("Test loss", "nats")),
            Map.entry("readout_loss", new Quantity("Readout loss in training", "nats")),
            Map.entry("train_images_per_second", new Quantity("Speed of training", "images/s")),
            Map.entry("lr_local", new Quantity("Learning rate of hidden layers", "")),
            Map.entry("lr_readout", new Quantity("Learning rate of the readout", "")),
            Map.entry("seconds", new Quantity("Time of an epoch", "s")),
            Map.entry("speed_of_light", new Quantity("Part of the device’s peak", "")),
            Map.entry("layers_seconds", new Quantity("Time of looking at the layers", "s")));

    /** What numbers are of. */
    record Quantity(String title, String unit) {
        static Quantity of(String name) {
            return KNOWN.getOrDefault(name, new Quantity(Curves.title(name), ""));
        }

        /** Returns that of a list of layers' numbers; local losses are of two kinds, which have no scale in common. */
        static Quantity ofLayers(String name, String rule) {
            if (!name.equals("local_losses")) {
                return of(name);
            }
            return rule.startsWith("layerwise")
                    ? new Quantity("Local loss: cross-entropy of each layer’s classifier", "nats")
                    : new Quantity("Local loss: dependence of codes on themselves, less γ times that on labels", "");
        }
    }

    static Curves of(List<ReportedRun> runs) {
        List<Plots.Plot> main = new ArrayList<>();
        List<Integer> all = IntStream.range(0, runs.size()).boxed().toList();
        MAIN.forEach(name -> add(main, runs, all, Quantity.of(name), epoch -> epoch.path(name)));
        Map<String, List<Plots.Plot>> layers = new LinkedHashMap<>();
        List<Plots.Plot> more = new ArrayList<>();
        for (String name : names(runs)) {
            int length = length(runs, name);
            if (ELSEWHERE.contains(name)) {
                continue;
            }
            if (length > 0 && length <= MOST_LAYERS) {
                layers.putAll(ofLayers(runs, name, length));
            } else if (length == 0 && !MAIN.contains(name) && !PASSED_OVER.contains(name)) {
                add(more, runs, all, Quantity.of(name), epoch -> epoch.path(name));
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

    /** Returns the plots of a list, one for each layer, by what the list is of. */
    private static Map<String, List<Plots.Plot>> ofLayers(List<ReportedRun> runs, String name, int length) {
        Map<Quantity, List<Integer>> kinds = new LinkedHashMap<>();
        for (int i = 0; i < runs.size(); i++) {
            kinds.computeIfAbsent(Quantity.ofLayers(name, runs.get(i).rule()), kind -> new ArrayList<>())
                    .add(i);
        }
        Map<String, List<Plots.Plot>> byTitle = new LinkedHashMap<>();
        kinds.forEach((kind, chosen) -> {
            List<Plots.Plot> plots = new ArrayList<>();
            for (int layer = 0; layer < length; layer++) {
                int index = layer;
                Quantity ofLayer = new Quantity("Layer " + (layer + 1), kind.unit());
                add(plots, runs, chosen, ofLayer, epoch -> epoch.path(name).path(index));
            }
            if (!plots.isEmpty()) {
                byTitle.put(kind.title(), plots);
            }
        });
        return byTitle;
    }

    /** Returns a name as a title. */
    private static String title(String name) {
        String words = name.replace('_', ' ');
        return words.isEmpty() ? name : Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    /** Adds a plot, if there is anything to plot. */
    private static void add(
            List<Plots.Plot> plots,
            List<ReportedRun> runs,
            List<Integer> chosen,
            Quantity quantity,
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
        plots.add(Plots.ofRuns(quantity.title(), quantity.unit(), List.copyOf(epochs), lines));
    }
}
