package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.objective.GramMatrix;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What each layer finds similar: Gram matrices of a sorted batch, layer by layer, beside that of its labels. */
final class Similarities {
    private static final String ABOUT =
            "Each picture compares the images of one test batch with each other: its rows and columns are images, sorted by"
                    + " class, and the stronger a point, the more similar a layer finds the two. A layer that has learned the"
                    + " classes shows the squares of the labels’ picture. Alignment is HSIC(K, L) / √(HSIC(K, K) HSIC(L, L))"
                    + " with the labels’ Gram matrix L: 1 for the same, 0 for nothing in common.";

    private final Map<Shown, NetworkView> views = new LinkedHashMap<>();
    private final ArrayNode batches;
    private final ArrayNode grams;

    /**
     * Prepares the section.
     *
     * @param data gets the matrices, by {@code batches} and {@code grams}
     */
    Similarities(List<Shown> shown, ObjectNode data) {
        for (Shown one : shown) {
            NetworkView view = one.view();
            if (view != null) {
                views.put(one, view);
            }
        }
        batches = data.putArray("batches");
        grams = data.putArray("grams");
    }

    Section section() {
        List<Markup> content = new ArrayList<>();
        if (!views.isEmpty()) {
            content.add(Markup.of("<p>{}</p>\n", ABOUT));
            views.forEach((one, view) -> content.add(batch(one, view)));
            content.add(views.size() > 1 ? alignments() : Markup.NONE);
        }
        return new Section("similarities", "What each layer finds similar", Markup.all(content));
    }

    private Markup batch(Shown one, NetworkView view) {
        ObjectNode batch = batches.addObject();
        ArrayNode labels = batch.putArray("labels");
        for (int label : view.labels()) {
            labels.add(label);
        }
        view.classNames().forEach(batch.putArray("classes")::add);
        List<Markup> pictures = new ArrayList<>(List.of(picture(one, "labels", "", view.labelsMatrix())));
        for (int i = 0; i < view.layers().size(); i++) {
            GramMatrix layer = view.layers().get(i);
            String alignment = "alignment " + Figures.decimal("%.2f", layer.alignment(view.labelsMatrix()));
            pictures.add(picture(one, "layer " + (i + 1), alignment, layer));
        }
        return Markup.of(
                """
                <div class="batch">
                <h3>{}</h3>
                <p class="about">{} after {}, by {}.</p>
                <div class="grams">
                {}</div>
                <output class="pointed" aria-live="polite"></output>
                </div>
                """,
                Rules.name(one),
                Words.count(view.labels().length, "test image"),
                Words.count(view.epoch(), "epoch"),
                view.similarity(),
                pictures);
    }

    private Markup picture(Shown one, String title, String alignment, GramMatrix matrix) {
        double[] range = GramPicture.range(matrix);
        ObjectNode gram = grams.addObject().put("batch", batches.size() - 1).put("title", title);
        gram.put("size", matrix.size()).put("low", range[0]).put("high", range[1]);
        gram.put("levels", Base64.getEncoder().encodeToString(GramPicture.levels(matrix, range[0], range[1])));
        return Markup.of(
                """
                <figure><canvas tabindex="0" data-gram="{}" width="{}" height="{}" role="img" aria-label="{}"></canvas>
                <figcaption><b>{}</b><span>{}</span><span>{} to {}</span></figcaption></figure>
                """,
                grams.size() - 1,
                matrix.size(),
                matrix.size(),
                "Similarity of test images by class, " + title + " of " + one.label()
                        + (alignment.isEmpty() ? "" : ": " + alignment),
                title,
                alignment,
                Figures.end(range[0], range),
                Figures.end(range[1], range));
    }

    /** Returns the alignments of all runs, layer by layer. */
    private Markup alignments() {
        int depth = views.values().stream()
                .mapToInt(view -> view.layers().size())
                .max()
                .orElse(0);
        Table table = new Table("Alignments, a table", "shaded", "Alignment of each layer with the labels").text("run");
        for (int i = 1; i <= depth; i++) {
            table.number("layer " + i);
        }
        views.forEach((one, view) -> {
            List<Object> row = new ArrayList<>(List.of(Rules.name(one)));
            for (int i = 0; i < depth; i++) {
                double alignment =
                        i < view.layers().size() ? view.layers().get(i).alignment(view.labelsMatrix()) : Double.NaN;
                double part = Double.isNaN(alignment) ? 0 : alignment;
                row.add(new Table.Shaded(Figures.decimal("%.2f", alignment), "right", part));
            }
            table.row(row);
        });
        return table.html();
    }
}
