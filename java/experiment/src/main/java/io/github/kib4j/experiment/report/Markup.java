package io.github.kib4j.experiment.report;

import java.util.List;

/**
 * A piece of HTML. What is no markup becomes text: nothing that comes from a file is taken for an element or ends an attribute.
 *
 * @param html the piece
 */
record Markup(String html) {
    static final Markup NONE = new Markup("");

    /**
     * {@return a pattern, each {@code {}} of which is the next value: markup as it is, lists of markup one after the other, all
     * else as text}
     *
     * @param pattern HTML
     * @param values as many as the pattern has places
     */
    static Markup of(String pattern, Object... values) {
        StringBuilder html = new StringBuilder();
        int at = 0;
        for (Object value : values) {
            int place = pattern.indexOf("{}", at);
            html.append(pattern, at, place);
            append(html, value);
            at = place + 2;
        }
        return new Markup(html.append(pattern.substring(at)).toString());
    }

    /** {@return pieces one after the other} */
    static Markup all(List<Markup> pieces) {
        return of("{}", pieces);
    }

    private static void append(StringBuilder html, Object value) {
        if (value instanceof List<?> list) {
            list.forEach(one -> append(html, one));
        } else {
            html.append(value instanceof Markup markup ? markup.html() : text(String.valueOf(value)));
        }
    }

    /** Returns a text that HTML shows as it is, in an element or in an attribute in quotes; what would not be seen is a space. */
    static String text(String plain) {
        StringBuilder html = new StringBuilder(plain.length());
        plain.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> html.append("&amp;");
                case '<' -> html.append("&lt;");
                case '>' -> html.append("&gt;");
                case '"' -> html.append("&quot;");
                case '\'' -> html.append("&#39;");
                default -> html.appendCodePoint(isShown(c) ? c : ' ');
            }
        });
        return html.toString();
    }

    private static boolean isShown(int c) {
        return c == '\n' || !(Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    }

    /** Returns JSON that a script element may hold: nothing in it ends or opens one. */
    static Markup json(String json) {
        return new Markup(json.replace("<", "\\u003c"));
    }
}
