package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.Words;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a report says first: what was trained, and how it ended.
 *
 * @param studies that the runs are of
 * @param shown the runs
 */
record Headline(List<ReportedStudy> studies, List<Shown> shown) {
    /** Runs up to which each is told of. */
    private static final int MOST_TOLD = 5;

    /** {@return a few words} */
    String title() {
        if (studies.size() == 1) {
            return studies.get(0).table().path("title").asText("Experiment");
        }
        List<String> titles =
                shown.stream().map(one -> title(one.run())).distinct().toList();
        return titles.size() == 1 ? titles.get(0) : "Comparison of " + Words.count(shown.size(), "run");
    }

    private static String title(ReportedRun run) {
        Settings settings = run.settings();
        String preset = run.preset();
        return preset != null
                ? preset
                : settings == null
                        ? "A run of " + run.rule()
                        : settings.text(Key.MODEL) + " on " + settings.text(Key.DATASET);
    }

    /** {@return one sentence} */
    String sentence() {
        List<String> networks =
                shown.stream().map(one -> network(one.run())).distinct().toList();
        String network = networks.size() == 1 ? networks.get(0) : "";
        if (shown.size() > MOST_TOLD) {
            return best(network);
        }
        boolean alike = shown.stream().map(one -> after(one.run())).distinct().count() == 1
                && shown.stream().noneMatch(one -> Double.isNaN(accuracy(one)));
        if (alike) {
            String subject = network.isEmpty() ? Words.count(shown.size(), "run") : network;
            return subject + " reached a test accuracy of " + list()
                    + after(shown.get(0).run()) + ".";
        }
        return (network.isEmpty() ? "" : network + ": ")
                + shown.stream().map(Headline::told).collect(Collectors.joining("; ")) + ".";
    }

    /** Returns the accuracies by the runs' names. */
    private String list() {
        List<String> each = shown.stream()
                .map(one -> percent(accuracy(one)) + " by " + one.label())
                .toList();
        int last = each.size() - 1;
        return last == 0 ? each.get(0) : String.join(", ", each.subList(0, last)) + " and " + each.get(last);
    }

    private static String told(Shown one) {
        String reached = Double.isNaN(accuracy(one))
                ? " has no test accuracy yet"
                : " reached a test accuracy of " + percent(accuracy(one));
        return one.label() + reached + after(one.run());
    }

    private String best(String network) {
        Optional<Shown> best = shown.stream()
                .filter(one -> !Double.isNaN(accuracy(one)))
                .max(Comparator.comparingDouble(Headline::accuracy));
        String runs = Words.count(shown.size(), "run") + (network.isEmpty() ? "" : " of one network (" + network + ")");
        return best.map(one -> "The best of " + runs + ", " + told(one) + ".")
                .orElse("None of " + runs + " has a test accuracy yet.");
    }

    private static double accuracy(Shown one) {
        return one.run().last("test_accuracy");
    }

    private static String percent(double value) {
        return String.format(Locale.ROOT, "%.2f %%", value);
    }

    /** Returns after how many epochs a run ended, and how. */
    private static String after(ReportedRun run) {
        String after = " after " + Words.count(run.epoch(), "epoch");
        return switch (run.record().path("state").asText("")) {
            case "failed" -> after + ", and failed";
            case "interrupted" -> after + " of " + run.epochsWanted() + ", where it was stopped";
            case "running" -> after + " of " + run.epochsWanted() + ", and is not finished";
            default -> after;
        };
    }

    private static String network(ReportedRun run) {
        Settings settings = run.settings();
        if (settings == null) {
            return "";
        }
        boolean mlp = settings.text(Key.MODEL).equals("mlp");
        String linear = settings.integer(Key.LINEAR) > 0 ? " and " + settings.text(Key.LINEAR) + " units" : "";
        String sizes = mlp
                ? settings.text(Key.LAYERS).replace(",", ", ") + " units"
                : settings.text(Key.CHANNELS).replace(",", ", ") + " channels" + linear;
        JsonNode images = run.record().path("data").path("train_images");
        return (mlp ? "An MLP of " : "A VGG of ") + sizes
                + (settings.number(Key.WIDTH) == 1 ? "" : ", times " + settings.text(Key.WIDTH) + ",")
                + " on "
                + (images.isInt() ? Words.count(images.asInt(), "image") + " of " : "") + settings.text(Key.DATASET);
    }
}
