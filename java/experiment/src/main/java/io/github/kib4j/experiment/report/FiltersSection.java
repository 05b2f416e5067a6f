package io.github.kib4j.experiment.report;

import io.github.kib4j.experiment.Words;
import java.util.ArrayList;
import java.util.List;

/**
 * The first layers' weights as pictures.
 *
 * @param shown the runs
 */
record FiltersSection(List<Shown> shown) {
    private static final String ABOUT =
            "The weights by which units of the first layer read an image. Grey is 0; each unit’s largest weight is at the end"
                    + " of the scale.";

    Section section() {
        List<Markup> figures = new ArrayList<>();
        for (Shown one : shown.subList(0, Math.min(shown.size(), Views.MOST))) {
            Filters filters = one.run().filters();
            if (filters != null) {
                figures.add(figure(one, filters));
            }
        }
        Markup content = figures.isEmpty()
                ? Markup.NONE
                : Markup.of("<p>{}</p>\n<div class=\"filters\">\n{}</div>\n", ABOUT, figures);
        return new Section("filters", "First-layer filters", content);
    }

    private static Markup figure(Shown one, Filters filters) {
        int scale = filters.side() <= 5 ? 6 : filters.side() <= 16 ? 3 : 2;
        String units = Words.count(filters.units(), "unit");
        String about = filters.shown() < filters.units() ? "the first " + filters.shown() + " of " + units : units;
        return Markup.of(
                """
                <figure><img class="pixels" alt="{}" width="{}" height="{}" src="{}">
                <figcaption>{} <span>{}</span></figcaption></figure>
                """,
                "First-layer filters of " + one.label() + ": " + about,
                scale * filters.picture().width(),
                scale * filters.picture().height(),
                filters.picture().toDataUri(),
                Rules.name(one),
                about);
    }
}
