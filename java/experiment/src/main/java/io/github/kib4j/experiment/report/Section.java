package io.github.kib4j.experiment.report;

/**
 * A part of the page with a heading.
 *
 * @param id of the element
 * @param content HTML; nothing where there is nothing to show
 */
record Section(String id, String title, Markup content) {
    boolean isEmpty() {
        return content.html().isEmpty();
    }

    Markup html() {
        return Markup.of("""
                <section id="{}" aria-labelledby="{}-title">
                <h2 id="{}-title">{}</h2>
                {}</section>
                """, id, id, id, title, content);
    }
}
