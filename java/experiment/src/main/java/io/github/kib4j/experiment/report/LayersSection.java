package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What each layer learned: figures by layer after the last epoch and over epochs, and how alike layers are. */
final class LayersSection {
    private static final String CKA = "cka_layers";
    private static final int MOST_LAYERS = 100;
    private static final String SMALL = "plots small";
    /** From there on a cell is so dark that it is written on in the page's colour. */
    private static final double HEATED = 0.55;

    private static final String ABOUT =
            "What layers make of test images, as in an evaluation. K compares their codes by the rule’s kernel (what they send on, by"
                    + " cosines, where it has none), and L their labels: pHSIC and HSIC say how much the one has of the other. A probe is a linear function of what a layer sends on, fitted to training"
                    + " images in closed form. A dead unit is the same for all images, a silent one is never above 0. The angle is"
                    + " that between the rule’s gradient and backprop’s, of training images; 90° have nothing in common.";
    private static final String ABOUT_CKA =
            "Linear CKA of what two layers send on: 1 for the same but for a rotation, a scale and a shift, 0 for nothing in"
                    + " common.";

    /**
     * A figure.
     *
     * @param name in the epochs' lines
     */
    private record Figure(String name, String title, String unit) {}

    /** The figures there may be, in the order in which they are shown. */
    private static final List<Figure> FIGURES = List.of(
            new Figure("probe_accuracy", "Accuracy of a probe", "%"),
            new Figure("cka_labels", "CKA with the labels", ""),
            new Figure("phsic_labels", "pHSIC(L, K)", ""),
            new Figure("phsic_codes", "pHSIC(K, K)", ""),
            new Figure("hsic_labels", "HSIC(L, K)", ""),
            new Figure("hsic_codes", "HSIC(K, K)", ""),
            new Figure("alignment_degrees", "Angle to backprop’s gradient", "°"),
            new Figure("weight_norm", "Norm of the weights", ""),
            new Figure("activity_norm", "Norm of the activity", ""),
            new Figure("dead_units", "Dead units", ""),
            new Figure("silent_units", "Silent units", ""));

    private final List<Shown> shown;
    private final Plots plots;

    LayersSection(List<Shown> shown, Plots plots) {
        this.shown = shown;
        this.plots = plots;
    }

    /** Returns what this section shows of an epoch's line; the cosine is the angle's. */
    static Set<String> names() {
        Set<String> names = FIGURES.stream().map(Figure::name).collect(Collectors.toSet());
        names.addAll(Set.of(CKA, "alignment_cosine"));
        return names;
    }

    Section section() {
        List<Figure> there =
                FIGURES.stream().filter(figure -> depth(figure.name()) > 0).toList();
        List<Markup> content = new ArrayList<>();
        if (!there.isEmpty()) {
            content.add(Markup.of("<p>{}</p>\n<h3>By layer, after the last epoch</h3>\n", ABOUT));
            content.add(plots.of(SMALL, there.stream().map(this::byLayer).toList()));
        }
        content.add(similarities());
        if (!there.isEmpty()) {
            content.add(Markup.of(
                    "<details><summary>Layers over epochs</summary>\n{}</details>\n",
                    shown.size() == 1 ? layersOverEpochs(there) : runsOverEpochs(there)));
        }
        return new Section("layers", "What each layer learned", Markup.all(content));
    }

    /** Returns a plot of all layers for each figure. */
    private Markup layersOverEpochs(List<Figure> there) {
        int depth =
                there.stream().mapToInt(figure -> depth(figure.name())).max().orElse(0);
        List<Markup> names = new ArrayList<>();
        for (int layer = 0; layer < depth; layer++) {
            names.add(Markup.of(
                    "<span style=\"--part:{}\">layer {}</span>\n",
                    Figures.decimal("%.3f", Plots.part(layer + 1, depth)),
                    layer + 1));
        }
        return Markup.of(
                "<div class=\"legend layers\">{}</div>\n{}",
                names,
                plots.of(
                        SMALL,
                        there.stream()
                                .map(figure -> plot(
                                        figure,
                                        figure.title(),
                                        IntStream.range(0, depth(figure.name())).toArray()))
                                .toList()));
    }

    /** Returns a plot of all runs for each figure and layer. */
    private Markup runsOverEpochs(List<Figure> there) {
        List<Markup> figures = new ArrayList<>();
        for (Figure figure : there) {
            List<Plots.Plot> ofLayers = IntStream.range(0, depth(figure.name()))
                    .mapToObj(layer -> plot(figure, "Layer " + (layer + 1), layer))
                    .toList();
            figures.add(Markup.of("<h4>{}</h4>\n{}", figure.title(), plots.of(SMALL, ofLayers)));
        }
        return Markup.all(figures);
    }

    /** Returns how many layers a figure is there of. */
    private int depth(String name) {
        return shown.stream()
                .flatMap(one -> one.run().epochs().stream())
                .map(epoch -> epoch.path(name))
                .mapToInt(LayersSection::depth)
                .max()
                .orElse(0);
    }

    private static int depth(JsonNode list) {
        boolean numbers = IntStream.range(0, list.size())
                .anyMatch(i -> list.get(i) != null && list.get(i).isNumber());
        return list.isArray() && numbers && list.size() <= MOST_LAYERS ? list.size() : 0;
    }

    private static double number(JsonNode value) {
        return value.isNumber() && Double.isFinite(value.asDouble()) ? value.asDouble() : Double.NaN;
    }

    /** Returns what a figure comes to in the last epoch that has it. */
    private Plots.Plot byLayer(Figure figure) {
        int depth = depth(figure.name());
        List<Plots.Line> lines = new ArrayList<>();
        for (int run = 0; run < shown.size(); run++) {
            JsonNode list = last(shown.get(run), figure.name());
            if (depth(list) > 0) {
                lines.add(new Plots.Line(
                        run,
                        0,
                        IntStream.range(0, depth)
                                .mapToDouble(layer -> number(list.path(layer)))
                                .toArray()));
            }
        }
        List<Integer> layers = IntStream.rangeClosed(1, depth).boxed().toList();
        return new Plots.Plot(figure.title(), figure.unit(), "layer", layers, lines);
    }

    private static JsonNode last(Shown one, String name) {
        List<JsonNode> epochs = one.run().epochs();
        for (int i = epochs.size() - 1; i > 0; i--) {
            if (epochs.get(i).path(name).isArray()) {
                return epochs.get(i).path(name);
            }
        }
        return epochs.isEmpty() ? MissingNode.getInstance() : epochs.get(0).path(name);
    }

    private Plots.Plot plot(Figure figure, String title, int... layers) {
        Set<Integer> epochs = new TreeSet<>();
        for (Shown one : shown) {
            one.run().epochs().stream()
                    .filter(epoch -> depth(epoch.path(figure.name())) > 0)
                    .forEach(epoch -> epochs.add(epoch.path("epoch").asInt()));
        }
        List<Integer> x = List.copyOf(epochs);
        List<Plots.Line> lines = new ArrayList<>();
        for (int run = 0; run < shown.size(); run++) {
            for (int layer : layers) {
                double[] values = new double[x.size()];
                Arrays.fill(values, Double.NaN);
                for (JsonNode epoch : shown.get(run).run().epochs()) {
                    int at = x.indexOf(epoch.path("epoch").asInt());
                    if (at >= 0) {
                        values[at] = number(epoch.path(figure.name()).path(layer));
                    }
                }
                if (Arrays.stream(values).anyMatch(value -> !Double.isNaN(value))) {
                    lines.add(new Plots.Line(run, shown.size() == 1 ? layer + 1 : 0, values));
                }
            }
        }
        return new Plots.Plot(title, figure.unit(), "epoch", x, lines);
    }

    /** Returns how alike layers are, a table for each run. */
    private Markup similarities() {
        List<Markup> tables = new ArrayList<>();
        for (Shown one : shown) {
            JsonNode matrix = last(one, CKA);
            if (matrix.isArray() && !matrix.isEmpty() && matrix.size() <= MOST_LAYERS) {
                tables.add(table(one, matrix));
            }
        }
        return tables.isEmpty()
                ? Markup.NONE
                : Markup.of(
                        "<h3>How alike layers are</h3>\n<p>{}</p>\n<div class=\"heats\">\n{}</div>\n",
                        ABOUT_CKA,
                        tables);
    }

    private static Markup table(Shown one, JsonNode matrix) {
        Table table = new Table("CKA between layers of " + one.label(), "shaded heat", Rules.name(one)).text("layer");
        for (int i = 1; i <= matrix.size(); i++) {
            table.number(Integer.toString(i));
        }
        for (int i = 0; i < matrix.size(); i++) {
            List<Object> row = new ArrayList<>(List.of(i + 1));
            for (int j = 0; j < matrix.size(); j++) {
                double cka = number(matrix.path(i).path(j));
                double part = Double.isNaN(cka) ? 0 : Math.max(0, Math.min(1, cka));
                row.add(new Table.Shaded(Figures.decimal("%.2f", cka), part > HEATED ? "heated" : "cool", part));
            }
            table.row(row);
        }
        return table.html();
    }
}
