package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The page: its sections, and the numbers that its script draws.
 *
 * @param studies whose tables are shown
 * @param shown the runs
 * @param notes what is missing, a sentence each
 */
record Page(List<ReportedStudy> studies, List<Shown> shown, List<String> notes) {
    /** {@return the whole page} */
    String toHtml() {
        ObjectNode data = new ObjectMapper().createObjectNode();
        describeRuns(data.putArray("runs"));
        Plots plots = new Plots(data);
        List<Section> sections = Stream.of(
                        new Section(
                                "experiment",
                                studies.size() == 1 ? "Experiment" : "Experiments",
                                Markup.all(studies.stream()
                                        .map(ReportedStudy::html)
                                        .toList())),
                        new Results(shown, studies).section(),
                        new CurvesSection(shown, plots).section(),
                        new LayersSection(shown, plots).section(),
                        new Similarities(shown, data).section(),
                        new FiltersSection(shown).section(),
                        new Mistakes(shown).section(),
                        new Origins(shown).section())
                .filter(section -> !section.isEmpty())
                .toList();
        Headline headline = new Headline(studies, shown);
        Map<String, Markup> parts = new LinkedHashMap<>();
        parts.put("title", Markup.of("{}", headline.title()));
        parts.put("sentence", Markup.of("{}", headline.sentence()));
        parts.put(
                "navigation",
                Markup.all(sections.stream()
                        .map(section -> Markup.of("<a href=\"#{}\">{}</a>\n", section.id(), section.title()))
                        .toList()));
        parts.put("notes", missing());
        parts.put("sections", Markup.all(sections.stream().map(Section::html).toList()));
        parts.put("data", Markup.json(data.toString()));
        for (String file :
                List.of("uplot/LICENSE", "uplot/uPlot.min.css", "uplot/uPlot.iife.min.js", "report.css", "report.js")) {
            parts.put(file, resource(file));
        }
        return filled(resource("report.template.html").html(), parts);
    }

    /** Runs of one colour have lines of different strokes. */
    private void describeRuns(ArrayNode runs) {
        List<String> colours = new ArrayList<>();
        for (Shown one : shown) {
            long before = colours.stream().filter(one.colour()::equals).count();
            colours.add(one.colour());
            runs.addObject()
                    .put("label", one.label())
                    .put("colour", one.colour())
                    .put("dash", before);
        }
    }

    private Markup missing() {
        List<Markup> items =
                notes.stream().map(note -> Markup.of("<li>{}</li>\n", note)).toList();
        return items.isEmpty() ? Markup.NONE : Markup.of("""
                        <aside class="notes" aria-label="What is missing">
                        <h2>What is missing</h2>
                        <ul>
                        {}</ul>
                        </aside>
                        """, items);
    }

    /** Fills a template in one pass, so that nothing in a part is taken for a place. */
    private static String filled(String template, Map<String, Markup> parts) {
        StringBuilder filled = new StringBuilder();
        int at = 0;
        for (int open = template.indexOf("{{"); open >= 0; open = template.indexOf("{{", at)) {
            int close = template.indexOf("}}", open);
            String part = template.substring(open + 2, close);
            filled.append(template, at, open)
                    .append(Objects.requireNonNull(parts.get(part), part).html());
            at = close + 2;
        }
        return filled.append(template.substring(at)).toString();
    }

    private static Markup resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            return new Markup(new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
