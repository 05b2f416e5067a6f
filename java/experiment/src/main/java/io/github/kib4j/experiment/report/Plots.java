package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The page's plots, which its script draws: their places, and their numbers. */
final class Plots {
    private final ArrayNode plots;

    /**
     * Prepares them.
     *
     * @param data gets the numbers, by {@code plots}
     */
    Plots(ObjectNode data) {
        plots = data.putArray("plots");
    }

    /**
     * A line.
     *
     * @param run its number
     * @param layer from 1, of a plot whose lines are layers; 0 else
     * @param values NaN where there is none
     */
    @SuppressWarnings("ArrayRecordComponent") // handed from who finds them to who writes them
    record Line(int run, int layer, double[] values) {}

    /**
     * A plot.
     *
     * @param unit of its numbers; empty for none
     * @param over what they are plotted: {@code epoch} or {@code layer}
     * @param x of all its lines
     */
    record Plot(String title, String unit, String over, List<Integer> x, List<Line> lines) {}

    /** Returns a plot over epochs, a line for each run. */
    static Plot ofRuns(String title, String unit, List<Integer> epochs, Map<Integer, double[]> lines) {
        List<Line> ofRuns = new ArrayList<>();
        lines.forEach((run, values) -> ofRuns.add(new Line(run, 0, values)));
        return new Plot(title, unit, "epoch", epochs, ofRuns);
    }

    /** Returns how far from the first to the last of its colours a layer's is. */
    static double part(int layer, int layers) {
        return layers == 1 ? 1 : (layer - 1.0) / (layers - 1);
    }

    /**
     * Returns the places of plots, side by side.
     *
     * @param kind class in the style sheet
     */
    Markup of(String kind, List<Plot> chosen) {
        List<Markup> figures = new ArrayList<>();
        for (Plot plot : chosen) {
            figures.add(
                    Markup.of("""
                    <figure class="plot" data-plot="{}">
                    <figcaption><span>{}</span><output aria-live="polite"></output></figcaption>
                    <div class="chart" tabindex="0" role="group" aria-label="{} by {}; the arrow keys go from {} to {}"></div>
                    </figure>
                    """, plots.size(), plot.title(), plot.title(), plot.over(), plot.over(), plot.over()));
            ObjectNode described = plots.addObject().put("unit", plot.unit()).put("over", plot.over());
            plot.x().forEach(described.putArray("x")::add);
            ArrayNode lines = described.putArray("lines");
            int layers = plot.lines().stream().mapToInt(Line::layer).max().orElse(0);
            for (Line line : plot.lines()) {
                ObjectNode drawn = lines.addObject().put("run", line.run());
                if (layers > 0) {
                    drawn.put("layer", line.layer()).put("part", part(line.layer(), layers));
                }
                ArrayNode y = drawn.putArray("y");
                for (double value : line.values()) {
                    y.add(Double.isNaN(value) ? null : Double.valueOf(value));
                }
            }
        }
        return Markup.of("<div class=\"{}\">\n{}</div>\n", kind, figures);
    }
}
