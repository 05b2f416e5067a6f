package io.github.kib4j.bench.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.bench.Output;
import io.github.kib4j.bench.Spread;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a run of the training benchmark says, as Markdown and as JSON. */
record TrainingReport(Results results, int rounds, double seconds, Output output) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    String markdown() {
        StringBuilder text = new StringBuilder("# Training steps\n\n");
        text.append(output.header()).append('\n');
        descriptions()
                .forEach((contender, description) ->
                        text.append(String.format(Locale.ROOT, "* `%s`: %s%n", contender, description)));
        text.append(String.format(
                Locale.ROOT,
                "%nRandom images in the real shapes. %d rounds; in each, every configuration trained in a process of its own"
                        + " for %s seconds after warming up, taking turns. Figures are medians (least to greatest) of the rounds;"
                        + " ratios are taken within a round.%n%n",
                rounds,
                seconds));
        appendSpeeds(text);
        appendPhases(text);
        appendRatios(text);
        appendReasons(text, "Not measured", results.failures());
        appendReasons(text, "Left out", results.leftOut());
        return text.toString();
    }

    private static void appendReasons(StringBuilder text, String what, Map<Configuration, String> reasons) {
        reasons.forEach((configuration, why) ->
                text.append(String.format(Locale.ROOT, "%n%s: %s: %s.%n", what, configuration, why)));
    }

    private Map<String, String> descriptions() {
        Map<String, Set<String>> all = new LinkedHashMap<>();
        for (Configuration configuration : results.measured()) {
            for (Measurement measurement : results.of(configuration)) {
                all.computeIfAbsent(configuration.contender(), name -> new LinkedHashSet<>())
                        .add(measurement.description());
            }
        }
        return all.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, e -> String.join("; ", e.getValue()), (a, b) -> a, LinkedHashMap::new));
    }

    private void appendSpeeds(StringBuilder text) {
        text.append(
                "| configuration | images/s | GFLOP/s | bound, images/s | of the bound | processor use | peak memory |\n"
                        + "|---|---|---|---|---|---|---|\n");
        for (Configuration configuration : results.measured()) {
            Spread speed = results.spread(configuration, Measurement::imagesPerSecond);
            Spread memory = results.spread(configuration, measurement -> measurement.peakBytes() * 1e-6);
            List<Measurement> bound = results.bound(configuration);
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %.0f | %s | %s | %.0f %% | %,.0f MB |%n",
                    configuration,
                    speed.text(1),
                    speed.median() * configuration.workload().operations() * 1e-9,
                    bound.isEmpty() ? "" : boundSpeed(configuration, bound).text(1),
                    results.ofBound(configuration).map(ratio -> ratio.text(2)).orElse(""),
                    100 * results.spread(configuration, Measurement::cpuUse).median(),
                    memory.median()));
        }
    }

    private static Spread boundSpeed(Configuration configuration, List<Measurement> bound) {
        return Spread.of(bound.stream()
                .map(products -> Results.boundImagesPerSecond(configuration, products))
                .toList());
    }

    private void appendPhases(StringBuilder text) {
        text.append("\nTime by phase, milliseconds of a step (medians):\n\n");
        for (Configuration configuration : results.measured()) {
            Map<String, Double> phases = phases(configuration);
            if (!phases.isEmpty()) {
                text.append("* ")
                        .append(configuration)
                        .append(": ")
                        .append(phases.entrySet().stream()
                                .map(phase -> String.format(Locale.ROOT, "%s %,.2f", phase.getKey(), phase.getValue()))
                                .collect(Collectors.joining(", ")))
                        .append('\n');
            }
        }
    }

    private Map<String, Double> phases(Configuration configuration) {
        Map<String, Double> medians = new LinkedHashMap<>();
        for (String phase : results.of(configuration).get(0).phaseMilliseconds().keySet()) {
            medians.put(
                    phase,
                    results.spread(configuration, m -> m.phaseMilliseconds().getOrDefault(phase, 0.0))
                            .median());
        }
        return medians;
    }

    private void appendRatios(StringBuilder text) {
        StringBuilder rows = new StringBuilder();
        ratios().forEach((name, spread) -> rows.append("| ")
                .append(name)
                .append(" | ")
                .append(spread.text(2))
                .append(" |\n"));
        if (!rows.isEmpty()) {
            text.append("\n| images/s of ... over those of ... | ratio |\n|---|---|\n")
                    .append(rows);
        }
    }

    /** Each contender's local rules over its backprop, kib4j over the build it is measured against and over each peer. */
    private Map<String, Spread> ratios() {
        Map<String, Spread> ratios = new LinkedHashMap<>();
        for (Configuration configuration : results.measured()) {
            String contender = configuration.contender();
            if (!configuration.workload().isBackprop() && !contender.equals(OneDnnContender.NAME)) {
                put(ratios, configuration, configuration.of(contender, "backprop"));
            }
            if (contender.equals(KibContender.NAME)) {
                Stream.concat(Stream.of(Child.AGAINST), Child.PEERS.stream())
                        .forEach(other -> put(
                                ratios,
                                configuration,
                                configuration.of(other, configuration.workload().rule())));
            }
        }
        return ratios;
    }

    private void put(Map<String, Spread> ratios, Configuration one, Configuration other) {
        Optional<Spread> ratio = results.ratio(one, other);
        ratio.ifPresent(spread -> ratios.put(one + " over " + other, spread));
    }

    ObjectNode json() {
        ObjectNode root = output.json();
        root.put("rounds", rounds).put("seconds", seconds).put("data", "random images");
        ArrayNode list = root.putArray("configurations");
        for (Configuration configuration : results.measured()) {
            ObjectNode node = list.addObject();
            node.put("configuration", configuration.toString());
            node.put("operations_per_image", configuration.workload().operations());
            node.set("images_per_second", spread(results.spread(configuration, Measurement::imagesPerSecond)));
            List<Measurement> bound = results.bound(configuration);
            if (!bound.isEmpty()) {
                node.set("bound_images_per_second", spread(boundSpeed(configuration, bound)));
            }
            results.ofBound(configuration).ifPresent(ratio -> node.set("of_the_bound", spread(ratio)));
            node.set("rounds", MAPPER.valueToTree(results.of(configuration)));
        }
        ObjectNode ratios = root.putObject("ratios");
        ratios().forEach((name, ratio) -> ratios.set(name, spread(ratio)));
        root.set("failures", reasons(results.failures()));
        root.set("left_out", reasons(results.leftOut()));
        return root;
    }

    private static ObjectNode spread(Spread spread) {
        return MAPPER.valueToTree(spread);
    }

    private static ObjectNode reasons(Map<Configuration, String> reasons) {
        ObjectNode node = MAPPER.createObjectNode();
        reasons.forEach((configuration, why) -> node.put(configuration.toString(), why));
        return node;
    }
}
