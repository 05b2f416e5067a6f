package io.github.kib4j.experiment.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What test images are taken for: confusions, and the worst mistakes as images.
 *
 * @param shown the runs
 */
record Mistakes(List<Shown> shown) {
    /** Classes up to which a confusion matrix is shown whole. */
    private static final int MOST_CLASSES = 20;

    private static final int MOST_PAIRS = 20;

    Section section() {
        List<Markup> content = new ArrayList<>();
        for (Shown one : shown) {
            NetworkView view = one.view();
            if (view != null) {
                content.add(Markup.of(
                        "<details{}><summary>{} <span>{}</span></summary>\n{}{}</details>\n",
                        new Markup(content.isEmpty() ? " open" : ""),
                        Rules.name(one),
                        tried(view),
                        view.classNames().size() <= MOST_CLASSES ? matrix(one, view) : pairs(one, view),
                        worst(view)));
            }
        }
        return new Section("mistakes", "Confusions and worst mistakes", Markup.all(content));
    }

    private static String tried(NetworkView view) {
        TestPredictions predictions = view.predictions();
        String right = String.format(
                Locale.ROOT,
                "%,d of %,d test images right (%.2f %%)",
                predictions.correct(),
                predictions.images(),
                100.0 * predictions.correct() / predictions.images());
        return predictions.images() < view.testImages()
                ? right + String.format(Locale.ROOT, ", spread evenly over all %,d", view.testImages())
                : right;
    }

    private static Markup matrix(Shown one, NetworkView view) {
        Table table = new Table(
                        "Confusion matrix of " + one.label(),
                        "shaded confusion",
                        "Images of a class (rows) by what they are taken for (columns)")
                .text("class");
        view.classNames().forEach(table::number);
        table.number("right");
        for (int label = 0; label < view.classNames().size(); label++) {
            long[] row = view.predictions().row(label);
            long all = Arrays.stream(row).sum();
            List<Object> cells = new ArrayList<>(List.of(view.classNames().get(label)));
            for (int m = 0; m < row.length; m++) {
                String kind = row[m] == 0 ? "none" : m == label ? "right" : "wrong";
                cells.add(new Table.Shaded(row[m], kind, row[m] == 0 ? 0 : (double) row[m] / all));
            }
            cells.add(Figures.decimal("%.1f %%", all == 0 ? Double.NaN : 100.0 * row[label] / all));
            table.row(cells);
        }
        return table.html();
    }

    private static Markup pairs(Shown one, NetworkView view) {
        List<String> names = view.classNames();
        Table table = new Table(
                        "Confusions of " + one.label(), "", "Classes most often taken for others, of " + names.size())
                .text("class")
                .text("taken for")
                .number("images")
                .number("of");
        for (TestPredictions.Confused pair : view.predictions().mostConfused(MOST_PAIRS)) {
            table.row(List.of(names.get(pair.label()), names.get(pair.predicted()), pair.count(), pair.ofClass()));
        }
        return table.html();
    }

    private static Markup worst(NetworkView view) {
        List<Markup> images = new ArrayList<>();
        for (NetworkView.Wrong wrong : view.worst()) {
            Picture picture = wrong.picture();
            if (picture == null) {
                continue; // of features
            }
            TestPredictions.Mistake mistake = wrong.mistake();
            String label = view.classNames().get(mistake.label());
            String predicted = view.classNames().get(mistake.predicted());
            images.add(Markup.of(
                    "<li><img class=\"pixels\" alt=\"{}\" src=\"{}\"><span><b>{}</b> {}</span><span>as {} {}</span></li>\n",
                    "Test image " + mistake.index() + ", of class " + label + ", taken for " + predicted,
                    picture.toDataUri(),
                    label,
                    Figures.probability(mistake.probability()),
                    predicted,
                    Figures.probability(mistake.predictedProbability())));
        }
        return images.isEmpty()
                ? Markup.NONE
                : Markup.of(
                        "<h4>The images whose own class is given the least probability</h4>\n<ul class=\"worst\">\n{}</ul>\n",
                        images);
    }
}
