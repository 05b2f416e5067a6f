package io.github.kib4j.experiment.report;

import java.util.ArrayList;
import java.util.List;

/** A table with a caption, that scrolls where it is wider than the page. The first cell of a row is its head. */
final class Table {
    private final String label;
    private final String kind;
    private final Object caption;
    private final List<String> titles = new ArrayList<>();
    private final List<Boolean> numbers = new ArrayList<>();
    private final List<Markup> rows = new ArrayList<>();

    /**
     * A number with a shade.
     *
     * @param kind of shade
     * @param part of the darkest, from 0 to 1
     */
    record Shaded(Object content, String kind, double part) {}

    /**
     * Begins a table.
     *
     * @param label for who hears it
     * @param kind class in the style sheet; empty for none
     */
    Table(String label, String kind, Object caption) {
        this.label = label;
        this.kind = kind;
        this.caption = caption;
    }

    /** Adds a column of text. */
    Table text(String title) {
        titles.add(title);
        numbers.add(false);
        return this;
    }

    /** Adds a column of numbers. */
    Table number(String title) {
        titles.add(title);
        numbers.add(true);
        return this;
    }

    private Markup kind(int column) {
        return ofClass(numbers.get(column) ? "number" : "");
    }

    private static Markup ofClass(String kind) {
        return kind.isEmpty() ? Markup.NONE : Markup.of(" class=\"{}\"", kind);
    }

    /** Adds a row of as many cells as there are columns. */
    void row(List<?> cells) {
        List<Markup> row = new ArrayList<>();
        for (int i = 0; i < cells.size(); i++) {
            Markup number = kind(i);
            Object cell = cells.get(i);
            if (i == 0) {
                row.add(Markup.of("<th scope=\"row\"{}>{}</th>", number, cell));
            } else if (cell instanceof Shaded shaded) {
                row.add(Markup.of(
                        "<td class=\"number {}\" style=\"--part:{}\">{}</td>",
                        shaded.kind(),
                        Figures.decimal("%.3f", shaded.part()),
                        shaded.content()));
            } else {
                row.add(Markup.of("<td{}>{}</td>", number, cell));
            }
        }
        rows.add(Markup.of("<tr>{}</tr>\n", row));
    }

    Markup html() {
        List<Markup> heads = new ArrayList<>();
        for (int i = 0; i < titles.size(); i++) {
            heads.add(Markup.of("<th scope=\"col\"{}>{}</th>", kind(i), titles.get(i)));
        }
        return Markup.of("""
                <div class="wide" tabindex="0" role="region" aria-label="{}">
                <table{}>
                <caption>{}</caption>
                <thead><tr>{}</tr></thead>
                <tbody>
                {}</tbody>
                </table>
                </div>
                """, label, ofClass(kind), caption, heads, rows);
    }
}
