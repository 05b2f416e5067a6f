package io.github.kib4j.experiment.report;

import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Settings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Final figures beside the paper's, run by run, and of runs that differ in their seeds alone their mean and deviation.
 *
 * @param shown the runs
 * @param studies that they are of, which have means of their own
 */
record Results(List<Shown> shown, List<ReportedStudy> studies) {
    Section section() {
        Markup seeds = studies.isEmpty() ? seeds() : Markup.NONE;
        return new Section("results", "Results", Markup.all(List.of(runs(), seeds)));
    }

    /** Changes of a preset are compared with it, and not with the paper, which has other trainings. */
    private boolean hasPaper() {
        return studies.stream().allMatch(ReportedStudy::hasPaper)
                && shown.stream().anyMatch(one -> one.run().paperAccuracy() != null);
    }

    private Markup runs() {
        Table table = new Table(
                        "Results, a table",
                        "results",
                        "After the last epoch of each run. Accuracies are in percent of the images; speed is the median of"
                                + " the epochs.")
                .text("run")
                .number("test accuracy");
        if (hasPaper()) {
            table.number("the paper’s").number("difference");
        }
        Map<String, String> beside = beside();
        beside.values().forEach(table::number);
        table.number("training accuracy").number("test loss").number("images/s").number("training time");
        table.number("epochs").text("state");
        for (Shown one : shown) {
            ReportedRun run = one.run();
            List<Object> row = new ArrayList<>(List.of(Rules.name(one), Figures.percent(run.last("test_accuracy"))));
            if (hasPaper()) {
                row.addAll(besidePaper(run.paperAccuracy(), run.last("test_accuracy")));
            }
            beside.keySet().forEach(name -> row.add(Figures.percent(run.last(name))));
            row.add(Figures.percent(run.last("train_accuracy")));
            row.add(Figures.decimal("%.4f", run.last("test_loss")));
            row.add(Figures.decimal("%,.0f", run.speed()));
            row.add(Figures.duration(run.seconds()));
            row.add(run.epoch() + (run.epoch() < run.epochsWanted() ? " of " + run.epochsWanted() : ""));
            row.add(run.state() + (run.error().isEmpty() ? "" : ": " + run.error()));
            table.row(row);
        }
        return table.html();
    }

    /** Returns the titles of accuracies that any run has beside its own: a run that averages its weights evaluates the average. */
    private Map<String, String> beside() {
        Map<String, String> titles = new LinkedHashMap<>();
        titles.put("current_test_accuracy", "test accuracy, weights not averaged");
        titles.put("test_accuracy_with_flips", "test accuracy with flips");
        titles.keySet()
                .removeIf(name ->
                        shown.stream().allMatch(one -> Double.isNaN(one.run().last(name))));
        return titles;
    }

    private static List<String> besidePaper(@Nullable Double paper, double ours) {
        return paper == null
                ? List.of(Figures.NONE, Figures.NONE)
                : List.of(Figures.decimal("%.1f", paper), Figures.signed(ours - paper));
    }

    private Markup seeds() {
        Map<List<String>, List<Shown>> groups = new LinkedHashMap<>();
        for (Shown one : shown) {
            Settings settings = one.run().settings();
            if (settings != null && !Double.isNaN(one.run().last("test_accuracy"))) {
                groups.computeIfAbsent(withoutSeed(one.run(), settings), key -> new ArrayList<>())
                        .add(one);
            }
        }
        if (groups.values().stream().noneMatch(group -> group.size() > 1)) {
            return Markup.NONE;
        }
        Table table = new Table(
                        "Seeds together, a table",
                        "",
                        "Runs that differ in their seeds alone: mean of their test accuracies in percent, and standard"
                                + " deviation of one run.")
                .text("rule")
                .number("runs")
                .number("mean")
                .number("deviation");
        if (hasPaper()) {
            table.number("the paper’s").number("difference");
        }
        for (List<Shown> group : groups.values()) {
            table.row(together(group));
        }
        return table.html();
    }

    private List<Object> together(List<Shown> group) {
        ReportedRun first = group.get(0).run();
        double[] accuracies = group.stream()
                .mapToDouble(one -> one.run().last("test_accuracy"))
                .toArray();
        double mean = 0;
        for (double accuracy : accuracies) {
            mean += accuracy / accuracies.length;
        }
        double squares = 0;
        for (double accuracy : accuracies) {
            squares += (accuracy - mean) * (accuracy - mean);
        }
        List<Object> row = new ArrayList<>();
        row.add(Markup.of("<span class=\"run {}\">{}</span>", Rules.colour(first.rule()), first.rule()));
        row.add(group.size());
        row.add(Figures.percent(mean));
        row.add(group.size() > 1 ? Figures.percent(Math.sqrt(squares / (accuracies.length - 1))) : Figures.NONE);
        if (hasPaper()) {
            row.addAll(besidePaper(first.paperAccuracy(), mean));
        }
        return row;
    }

    /** Returns all that runs have in common of which one is the other with another seed. */
    private static List<String> withoutSeed(ReportedRun run, Settings settings) {
        Stream<String> texts = Stream.of(Key.values())
                .filter(key -> key.group() != Key.Group.RUN || key == Key.PRECISION || key == Key.WEIGHTS)
                .map(settings::text);
        return Stream.concat(texts, Stream.of("epoch " + run.epoch())).toList();
    }
}
