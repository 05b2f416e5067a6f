package io.github.kib4j.experiment.report;

/** Text as HTML and as JSON in HTML. */
final class Html {
    private Html() {}

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
    static String json(String json) {
        return json.replace("<", "\\u003c");
    }
}
