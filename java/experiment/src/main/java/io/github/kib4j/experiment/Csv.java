package io.github.kib4j.experiment;

/** Cells of tables whose columns commas separate. */
public final class Csv {
    private Csv() {}

    /**
     * {@return a text as a cell: in quotes where it has a comma, a quote or a line's end}
     *
     * @param text of the cell
     */
    public static String cell(String text) {
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
