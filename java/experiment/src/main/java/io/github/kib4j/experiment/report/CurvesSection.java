package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What changed over epochs: curves that the page draws, and their numbers in tables. */
final class CurvesSection {
    private final List<Shown> shown;
    private final Curves curves;
    private final Plots plots;

    CurvesSection(List<Shown> shown, Plots plots) {
        this.shown = shown;
        this.plots = plots;
        curves = Curves.of(shown.stream().map(Shown::run).toList());
    }

    Section section() {
        List<Markup> content = new ArrayList<>();
        if (!curves.main().isEmpty()) {
            content.add(legend());
            content.add(
                    Markup.of("<noscript><p>The curves are drawn by the page’s own script, which is switched off; their"
                            + " numbers are below.</p></noscript>\n"));
            content.add(plots.of("plots", curves.main()));
            curves.layers()
                    .forEach((title, ofLayers) ->
                            content.add(Markup.of("<h3>{}</h3>\n{}", title, plots.of("plots small", ofLayers))));
            if (!curves.more().isEmpty()) {
                content.add(Markup.of(
                        "<details><summary>Learning rates and other figures</summary>\n{}</details>\n",
                        plots.of("plots small", curves.more())));
            }
            content.add(Markup.of("<details><summary>The numbers of each epoch</summary>\n{}</details>\n", numbers()));
        }
        return new Section("curves", "Curves", Markup.all(content));
    }

    /** Returns the runs with their lines, each to be hidden or shown; nothing where there is one. */
    private Markup legend() {
        List<Markup> labels = new ArrayList<>();
        for (int i = 0; i < shown.size() && shown.size() > 1; i++) {
            labels.add(Markup.of(
                    "<label><input type=\"checkbox\" checked data-run=\"{}\"><svg class=\"{}\" width=\"28\" height=\"10\""
                            + " aria-hidden=\"true\"><line x1=\"0\" y1=\"5\" x2=\"28\" y2=\"5\" data-swatch=\"{}\"/></svg>"
                            + "{}</label>\n",
                    i,
                    shown.get(i).colour(),
                    i,
                    shown.get(i).label()));
        }
        return labels.isEmpty()
                ? Markup.NONE
                : Markup.of("<fieldset class=\"legend\"><legend>Runs</legend>\n{}</fieldset>\n", labels);
    }

    private List<Markup> numbers() {
        return shown.stream()
                .filter(one -> !one.run().epochs().isEmpty())
                .map(CurvesSection::numbers)
                .toList();
    }

    private static Markup numbers(Shown one) {
        List<JsonNode> epochs = one.run().epochs();
        List<String> names = Curves.MAIN.stream()
                .filter(name ->
                        epochs.stream().anyMatch(epoch -> epoch.path(name).isNumber()))
                .toList();
        Table table = new Table("Epochs of " + one.label(), "", Rules.name(one)).number("epoch");
        names.forEach(name -> table.number(Curves.Quantity.of(name).title()));
        for (JsonNode epoch : epochs) {
            List<Object> row = new ArrayList<>(List.of(epoch.path("epoch").asInt()));
            for (String name : names) {
                String format = name.endsWith("accuracy") ? "%.2f" : name.endsWith("loss") ? "%.4f" : "%,.0f";
                row.add(Figures.decimal(format, epoch.path(name).asDouble(Double.NaN)));
            }
            table.row(row);
        }
        return table.html();
    }
}
