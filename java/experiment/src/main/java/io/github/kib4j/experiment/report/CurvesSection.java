package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** What changed over epochs: curves that the page draws, and their numbers in tables. */
final class CurvesSection {
    private final List<Shown> shown;
    private final Curves curves;
    private final ArrayNode plots;

    /**
     * Prepares the section.
     *
     * @param data gets the numbers, by {@code plots}
     */
    CurvesSection(List<Shown> shown, ObjectNode data) {
        this.shown = shown;
        curves = Curves.of(shown.stream().map(Shown::run).toList());
        plots = data.putArray("plots");
    }

    Section section() {
        List<Markup> content = new ArrayList<>();
        if (!curves.main().isEmpty()) {
            content.add(legend());
            content.add(
                    Markup.of("<noscript><p>The curves are drawn by the page’s own script, which is switched off; their"
                            + " numbers are below.</p></noscript>\n"));
            content.add(plots("plots", curves.main()));
            curves.layers()
                    .forEach((title, ofLayers) ->
                            content.add(Markup.of("<h3>{}</h3>\n{}", title, plots("plots small", ofLayers))));
            if (!curves.more().isEmpty()) {
                content.add(Markup.of(
                        "<details><summary>Learning rates and other figures</summary>\n{}</details>\n",
                        plots("plots small", curves.more())));
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

    private Markup plots(String kind, List<Curves.Plot> chosen) {
        List<Markup> figures = new ArrayList<>();
        for (Curves.Plot plot : chosen) {
            figures.add(Markup.of("""
                    <figure class="plot" data-plot="{}">
                    <figcaption><span>{}</span><output aria-live="polite"></output></figcaption>
                    <div class="chart" tabindex="0" role="group" aria-label="{} by epoch; the arrow keys go from epoch to epoch"></div>
                    </figure>
                    """, plots.size(), plot.title(), plot.title()));
            ObjectNode described = plots.addObject().put("unit", plot.unit());
            plot.epochs().forEach(described.putArray("x")::add);
            ArrayNode lines = described.putArray("lines");
            plot.lines().forEach((run, values) -> {
                ArrayNode y = lines.addObject().put("run", run).putArray("y");
                for (double value : values) {
                    y.add(Double.isNaN(value) ? null : Double.valueOf(value));
                }
            });
        }
        return Markup.of("<div class=\"{}\">\n{}</div>\n", kind, figures);
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
