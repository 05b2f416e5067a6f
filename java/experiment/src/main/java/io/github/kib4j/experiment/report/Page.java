package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Words;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The page: HTML around tables and pictures, and the numbers that its script draws. */
final class Page {
    /** Rules that have a colour of their own, in every report the same. */
    private static final List<String> COLOURED = List.of(
            "phsic",
            "hsic",
            "layerwise",
            "layerwise-feedback-alignment",
            "readout",
            "backprop",
            "feedback-alignment",
            "sign-symmetry",
            "hebbian-pairs");
    /** Classes up to which a confusion matrix is shown whole. */
    private static final int MOST_CLASSES = 20;

    private static final int MOST_PAIRS = 20;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NONE = "–";

    private final List<Shown> shown;
    private final List<ReportedRun> runs;
    private final List<String> notes;
    private final Curves curves;
    private final ObjectNode data = JSON.createObjectNode();
    private final StringBuilder html = new StringBuilder();
    private final Map<String, String> sections = new LinkedHashMap<>();

    Page(List<Shown> shown, List<String> notes) {
        this.shown = shown;
        this.notes = notes;
        runs = shown.stream().map(Shown::run).toList();
        curves = Curves.of(runs);
    }

    /** {@return the whole page} */
    String toHtml() {
        describeRuns();
        notes();
        results();
        curves();
        similarities();
        filters();
        mistakes();
        settings();
        Headline headline = new Headline(shown);
        String body = html.toString();
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("title", Html.text(headline.title()));
        parts.put("sentence", Html.text(headline.sentence()));
        parts.put("navigation", navigation());
        parts.put("uplot-licence", resource("uplot/LICENSE").replace("--", "- -"));
        parts.put("uplot-style", resource("uplot/uPlot.min.css"));
        parts.put("style", resource("report.css"));
        parts.put("uplot", resource("uplot/uPlot.iife.min.js"));
        parts.put("script", resource("report.js"));
        parts.put("data", Html.json(data.toString()));
        parts.put("body", body);
        return filled(resource("report.template.html"), parts);
    }

    /** Fills a template in one pass, so that nothing in a part is taken for a place. */
    private static String filled(String template, Map<String, String> parts) {
        StringBuilder filled = new StringBuilder();
        int at = 0;
        for (int open = template.indexOf("{{"); open >= 0; open = template.indexOf("{{", at)) {
            int close = template.indexOf("}}", open);
            filled.append(template, at, open)
                    .append(Objects.requireNonNull(parts.get(template.substring(open + 2, close))));
            at = close + 2;
        }
        return filled.append(template.substring(at)).toString();
    }

    private static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String colour(String rule) {
        return "rule-" + (COLOURED.contains(rule) ? rule : "other");
    }

    private static String named(Shown one) {
        return "<span class=\"run " + colour(one.run().rule()) + "\">" + Html.text(one.label()) + "</span>";
    }

    private String navigation() {
        return sections.entrySet().stream()
                .map(section -> "<a href=\"#" + section.getKey() + "\">" + section.getValue() + "</a>")
                .collect(Collectors.joining("\n"));
    }

    private void open(String id, String title) {
        sections.put(id, title);
        html.append("<section id=\"")
                .append(id)
                .append("\" aria-labelledby=\"")
                .append(id)
                .append("-title\">\n<h2 id=\"")
                .append(id)
                .append("-title\">")
                .append(title)
                .append("</h2>\n");
    }

    private void close() {
        html.append("</section>\n");
    }

    private void notes() {
        if (notes.isEmpty()) {
            return;
        }
        html.append("<aside class=\"notes\" aria-label=\"What is missing\">\n<h2>What is missing</h2>\n<ul>\n");
        notes.forEach(note -> html.append("<li>").append(Html.text(note)).append("</li>\n"));
        html.append("</ul>\n</aside>\n");
    }

    // Final figures.

    private void results() {
        open("results", "Results");
        boolean paper = runs.stream().anyMatch(run -> run.paperAccuracy() != null);
        html.append(
                "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Results, a table\">\n<table class=\"results\">\n"
                        + "<caption>After the last epoch of each run. Accuracies are in percent of the images; speed is the median"
                        + " of the epochs.</caption>\n<thead><tr><th scope=\"col\">run</th><th scope=\"col\" class=\"number\">test"
                        + " accuracy</th>");
        if (paper) {
            html.append(
                    "<th scope=\"col\" class=\"number\">the paper’s</th><th scope=\"col\" class=\"number\">difference</th>");
        }
        html.append(
                "<th scope=\"col\" class=\"number\">training accuracy</th><th scope=\"col\" class=\"number\">test"
                        + " loss</th><th scope=\"col\" class=\"number\">images/s</th><th scope=\"col\" class=\"number\">training"
                        + " time</th><th scope=\"col\" class=\"number\">epochs</th><th scope=\"col\">state</th></tr></thead>\n<tbody>\n");
        for (Shown one : shown) {
            ReportedRun run = one.run();
            html.append("<tr><th scope=\"row\">").append(named(one)).append("</th>");
            cell(percent(run.last("test_accuracy")));
            if (paper) {
                Double reported = run.paperAccuracy();
                cell(reported == null ? NONE : String.format(Locale.ROOT, "%.1f", reported));
                cell(reported == null ? NONE : signed(run.last("test_accuracy") - reported));
            }
            cell(percent(run.last("train_accuracy")));
            cell(format("%.4f", run.last("test_loss")));
            cell(format("%,.0f", run.speed()));
            cell(duration(run.seconds()));
            cell(run.epoch() + (run.epoch() < run.epochsWanted() ? " of " + run.epochsWanted() : ""));
            String error = run.error();
            html.append("<td>")
                    .append(Html.text(run.state() + (error.isEmpty() ? "" : ": " + error)))
                    .append("</td></tr>\n");
        }
        html.append("</tbody>\n</table>\n</div>\n");
        close();
    }

    private void cell(String content) {
        html.append("<td class=\"number\">").append(Html.text(content)).append("</td>");
    }

    private static String format(String format, double value) {
        return Double.isNaN(value) ? NONE : String.format(Locale.ROOT, format, value);
    }

    private static String percent(double value) {
        return format("%.2f", value);
    }

    private static String signed(double value) {
        return format("%+.2f", value).replace('-', '−');
    }

    private static String duration(double seconds) {
        if (!Double.isFinite(seconds)) {
            return NONE;
        }
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }

    // Curves.

    private void describeRuns() {
        ArrayNode described = data.putArray("runs");
        List<String> rules = new ArrayList<>();
        for (Shown one : shown) {
            String rule = one.run().rule();
            long before = rules.stream().filter(rule::equals).count();
            rules.add(rule);
            described
                    .addObject()
                    .put("label", one.label())
                    .put("colour", colour(rule))
                    .put("dash", before);
        }
        data.putArray("plots");
        data.putArray("batches");
        data.putArray("grams");
    }

    private void curves() {
        if (curves.main().isEmpty()) {
            return;
        }
        open("curves", "Curves");
        if (shown.size() > 1) {
            html.append("<fieldset class=\"legend\"><legend>Runs</legend>\n");
            for (int i = 0; i < shown.size(); i++) {
                html.append("<label><input type=\"checkbox\" checked data-run=\"")
                        .append(i)
                        .append("\"><svg class=\"")
                        .append(colour(runs.get(i).rule()))
                        .append(
                                "\" width=\"28\" height=\"10\" aria-hidden=\"true\"><line x1=\"0\" y1=\"5\" x2=\"28\" y2=\"5\" data-swatch=\"")
                        .append(i)
                        .append("\"/></svg>")
                        .append(Html.text(shown.get(i).label()))
                        .append("</label>\n");
            }
            html.append("</fieldset>\n");
        }
        html.append(
                "<noscript><p>The curves are drawn by the page’s own script, which is switched off; their numbers are"
                        + " below.</p></noscript>\n");
        plots("plots", curves.main());
        curves.layers().forEach((title, plots) -> {
            html.append("<h3>").append(Html.text(title)).append("</h3>\n");
            plots("plots small", plots);
        });
        if (!curves.more().isEmpty()) {
            html.append("<details><summary>Learning rates and other figures</summary>\n");
            plots("plots small", curves.more());
            html.append("</details>\n");
        }
        numbers();
        close();
    }

    private void plots(String kind, List<Curves.Plot> plots) {
        html.append("<div class=\"").append(kind).append("\">\n");
        ArrayNode all = (ArrayNode) data.get("plots");
        for (Curves.Plot plot : plots) {
            String title = Html.text(plot.title());
            html.append("<figure class=\"plot\" data-plot=\"")
                    .append(all.size())
                    .append("\"><figcaption><span>")
                    .append(title)
                    .append(
                            "</span><output aria-live=\"polite\"></output></figcaption><div class=\"chart\" tabindex=\"0\" role=\"group\" aria-label=\"")
                    .append(title)
                    .append(" by epoch; the arrow keys go from epoch to epoch\"></div></figure>\n");
            ObjectNode described = all.addObject().put("unit", plot.unit());
            ArrayNode x = described.putArray("x");
            plot.epochs().forEach(x::add);
            ArrayNode lines = described.putArray("lines");
            plot.lines().forEach((run, values) -> {
                ArrayNode y = lines.addObject().put("run", run).putArray("y");
                for (double value : values) {
                    y.add(Double.isNaN(value) ? null : Double.valueOf(value));
                }
            });
        }
        html.append("</div>\n");
    }

    /** The curves as a table, for who does not see them. */
    private void numbers() {
        html.append("<details><summary>The numbers of each epoch</summary>\n");
        for (Shown one : shown) {
            if (one.run().epochs().isEmpty()) {
                continue;
            }
            List<String> names = one.run().epochs().stream()
                    .flatMap(epoch -> Stream.of(
                                    "test_accuracy",
                                    "train_accuracy",
                                    "test_loss",
                                    "readout_loss",
                                    "train_images_per_second")
                            .filter(name -> epoch.path(name).isNumber()))
                    .distinct()
                    .toList();
            html.append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Epochs of ")
                    .append(Html.text(one.label()))
                    .append("\">\n<table>\n<caption>")
                    .append(named(one))
                    .append("</caption>\n<thead><tr><th scope=\"col\" class=\"number\">epoch</th>");
            names.forEach(name -> html.append("<th scope=\"col\" class=\"number\">")
                    .append(name.replace('_', ' '))
                    .append("</th>"));
            html.append("</tr></thead>\n<tbody>\n");
            for (JsonNode epoch : one.run().epochs()) {
                html.append("<tr><th scope=\"row\" class=\"number\">")
                        .append(epoch.path("epoch").asInt())
                        .append("</th>");
                for (String name : names) {
                    double value =
                            epoch.path(name).isNumber() ? epoch.path(name).asDouble() : Double.NaN;
                    cell(format(name.endsWith("accuracy") ? "%.2f" : name.endsWith("loss") ? "%.4f" : "%,.0f", value));
                }
                html.append("</tr>\n");
            }
            html.append("</tbody>\n</table>\n</div>\n");
        }
        html.append("</details>\n");
    }

    // What the layers make of a batch.

    private void similarities() {
        if (shown.stream().noneMatch(one -> one.view() != null)) {
            return;
        }
        open("similarities", "What each layer finds similar");
        html.append(
                "<p>Each picture compares the images of one test batch with each other: its rows and columns are images,"
                        + " sorted by class, and the darker a point, the more similar a layer finds the two (in a dark page: the"
                        + " lighter). A layer that has learned the classes shows the squares of the labels’ picture. Alignment is"
                        + " HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)) with the labels’ picture: 1 for the same, 0 for nothing in"
                        + " common.</p>\n");
        for (Shown one : shown) {
            NetworkView view = one.view();
            if (view == null) {
                continue;
            }
            html.append("<div class=\"batch\">\n<h3>")
                    .append(named(one))
                    .append("</h3>\n<p class=\"about\">")
                    .append(Html.text(Words.count(view.labels().length, "test image") + ", after "
                            + Words.count(view.epoch(), "epoch") + "; by " + view.similarity() + "."))
                    .append("</p>\n<div class=\"grams\">\n");
            ArrayNode batches = (ArrayNode) data.get("batches");
            ObjectNode batch = batches.addObject();
            ArrayNode labels = batch.putArray("labels");
            for (int label : view.labels()) {
                labels.add(label);
            }
            ArrayNode classes = batch.putArray("classes");
            view.classNames().forEach(classes::add);
            gram(batches.size() - 1, "labels", view.labelsMatrix(), null, one.label());
            for (int i = 0; i < view.layers().size(); i++) {
                gram(batches.size() - 1, "layer " + (i + 1), view.layers().get(i), view.labelsMatrix(), one.label());
            }
            html.append("</div>\n<output class=\"pointed\" aria-live=\"polite\"></output>\n</div>\n");
        }
        close();
    }

    private void gram(int batch, String title, GramMatrix matrix, @Nullable GramMatrix labels, String run) {
        ArrayNode grams = (ArrayNode) data.get("grams");
        double[] range = matrix.range();
        String alignment = labels == null ? "" : "alignment " + format("%.2f", matrix.alignment(labels));
        String alt = "Similarity of test images by class, " + title + " of " + run
                + (alignment.isEmpty() ? "" : ": " + alignment);
        html.append("<figure><canvas tabindex=\"0\" data-gram=\"")
                .append(grams.size())
                .append("\" width=\"")
                .append(matrix.size())
                .append("\" height=\"")
                .append(matrix.size())
                .append("\" role=\"img\" aria-label=\"")
                .append(Html.text(alt))
                .append("\"></canvas><figcaption><b>")
                .append(title)
                .append("</b><span>")
                .append(alignment)
                .append("</span><span class=\"scale\">")
                .append(number(range[0], range))
                .append(" to ")
                .append(number(range[1], range))
                .append("</span></figcaption></figure>\n");
        grams.addObject()
                .put("batch", batch)
                .put("title", title)
                .put("size", matrix.size())
                .put("low", range[0])
                .put("high", range[1])
                .put("levels", Base64.getEncoder().encodeToString(matrix.levels(range[0], range[1])));
    }

    /** Returns an end of a scale, with as many digits as tell it from the other. */
    private static String number(double value, double[] range) {
        double span = range[1] - range[0];
        int digits = (int) Math.max(span >= 100 ? 0 : 2, 1 + Math.ceil(-Math.log10(span)));
        return String.format(Locale.ROOT, digits > 6 ? "%.2e" : "%." + digits + "f", value)
                .replace('-', '−');
    }

    private void filters() {
        if (runs.stream().noneMatch(run -> run.filters() != null)) {
            return;
        }
        open("filters", "First-layer filters");
        html.append(
                "<p>The weights by which units of the first layer read an image. Grey is 0; each unit’s largest weight is"
                        + " at the end of the scale.</p>\n<div class=\"filters\">\n");
        for (Shown one : shown) {
            Filters filters = one.run().filters();
            if (filters == null) {
                continue;
            }
            int scale = filters.side() <= 5 ? 6 : filters.side() <= 16 ? 3 : 2;
            String about = (filters.shown() < filters.units() ? "the first " + filters.shown() + " of " : "")
                    + Words.count(filters.units(), "unit");
            html.append("<figure><img class=\"pixels\" alt=\"")
                    .append(Html.text("First-layer filters of " + one.label() + ": " + about))
                    .append("\" width=\"")
                    .append(scale * filters.picture().width())
                    .append("\" height=\"")
                    .append(scale * filters.picture().height())
                    .append("\" src=\"")
                    .append(filters.picture().toDataUri())
                    .append("\"><figcaption>")
                    .append(named(one))
                    .append(" <span>")
                    .append(about)
                    .append("</span></figcaption></figure>\n");
        }
        html.append("</div>\n");
        close();
    }

    // Mistakes.

    private void mistakes() {
        if (shown.stream().noneMatch(one -> one.view() != null)) {
            return;
        }
        open("mistakes", "Confusions and worst mistakes");
        boolean first = true;
        for (Shown one : shown) {
            NetworkView view = one.view();
            if (view == null) {
                continue;
            }
            TestPredictions predictions = view.predictions();
            html.append("<details")
                    .append(first ? " open" : "")
                    .append("><summary>")
                    .append(named(one))
                    .append(" <span>")
                    .append(Html.text(String.format(
                            Locale.ROOT,
                            "%,d of %,d test images right (%.2f %%)",
                            predictions.correct(),
                            predictions.images(),
                            100.0 * predictions.correct() / predictions.images())))
                    .append(
                            predictions.images() < view.testImages()
                                    ? Html.text(String.format(
                                            Locale.ROOT, ", spread evenly over all %,d", view.testImages()))
                                    : "")
                    .append("</span></summary>\n");
            if (view.classNames().size() <= MOST_CLASSES) {
                confusion(one, view);
            } else {
                confusedPairs(one, view);
            }
            worst(view);
            html.append("</details>\n");
            first = false;
        }
        close();
    }

    private void confusion(Shown one, NetworkView view) {
        html.append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion matrix of ")
                .append(Html.text(one.label()))
                .append(
                        "\">\n<table class=\"confusion\">\n<caption>Images of a class (rows) by what they are taken for (columns)"
                                + "</caption>\n<thead><tr><th scope=\"col\">class</th>");
        view.classNames()
                .forEach(name -> html.append("<th scope=\"col\" class=\"number\"><span>")
                        .append(Html.text(name))
                        .append("</span></th>"));
        html.append("<th scope=\"col\" class=\"number\">right</th></tr></thead>\n<tbody>\n");
        for (int label = 0; label < view.classNames().size(); label++) {
            long[] row = view.predictions().row(label);
            long all = 0;
            for (long count : row) {
                all += count;
            }
            html.append("<tr><th scope=\"row\">")
                    .append(Html.text(view.classNames().get(label)))
                    .append("</th>");
            for (int m = 0; m < row.length; m++) {
                String shade = all == 0 ? "0" : String.format(Locale.ROOT, "%.3f", (double) row[m] / all);
                html.append("<td class=\"number ")
                        .append(m == label ? "right" : "wrong")
                        .append(row[m] == 0 ? " none" : "")
                        .append("\" style=\"--part:")
                        .append(shade)
                        .append("\">")
                        .append(row[m])
                        .append("</td>");
            }
            cell(all == 0 ? NONE : String.format(Locale.ROOT, "%.1f %%", 100.0 * row[label] / all));
            html.append("</tr>\n");
        }
        html.append("</tbody>\n</table>\n</div>\n");
    }

    private void confusedPairs(Shown one, NetworkView view) {
        html.append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Confusions of ")
                .append(Html.text(one.label()))
                .append("\">\n<table>\n<caption>Classes most often taken for others, of ")
                .append(view.classNames().size())
                .append(
                        "</caption>\n<thead><tr><th scope=\"col\">class</th><th scope=\"col\">taken for</th>"
                                + "<th scope=\"col\" class=\"number\">images</th><th scope=\"col\" class=\"number\">of</th></tr></thead>\n<tbody>\n");
        for (TestPredictions.Confused pair : view.predictions().mostConfused(MOST_PAIRS)) {
            html.append("<tr><th scope=\"row\">")
                    .append(Html.text(view.classNames().get(pair.label())))
                    .append("</th><td>")
                    .append(Html.text(view.classNames().get(pair.predicted())))
                    .append("</td>");
            cell(String.valueOf(pair.count()));
            cell(String.valueOf(pair.ofClass()));
            html.append("</tr>\n");
        }
        html.append("</tbody>\n</table>\n</div>\n");
    }

    private void worst(NetworkView view) {
        if (view.worst().isEmpty()) {
            return;
        }
        html.append("<h4>The images whose own class is given the least probability</h4>\n<ul class=\"worst\">\n");
        for (NetworkView.Wrong wrong : view.worst()) {
            TestPredictions.Mistake mistake = wrong.mistake();
            String label = view.classNames().get(mistake.label());
            String predicted = view.classNames().get(mistake.predicted());
            html.append("<li><img class=\"pixels\" alt=\"")
                    .append(Html.text(
                            "Test image " + mistake.index() + ", of class " + label + ", taken for " + predicted))
                    .append("\" src=\"")
                    .append(wrong.picture().toDataUri())
                    .append("\"><span><b>")
                    .append(Html.text(label))
                    .append("</b> ")
                    .append(probability(mistake.probability()))
                    .append("</span><span>as ")
                    .append(Html.text(predicted))
                    .append(' ')
                    .append(probability(mistake.predictedProbability()))
                    .append("</span></li>\n");
        }
        html.append("</ul>\n");
    }

    private static String probability(double p) {
        return p < 1e-3 ? "&lt; 0.1 %" : String.format(Locale.ROOT, "%.1f %%", Math.floor(1000 * p) / 10);
    }

    // How it was made.

    private void settings() {
        open("settings", "Settings and machine");
        differences();
        for (Shown one : shown) {
            html.append("<details><summary>")
                    .append(named(one))
                    .append(" <span>")
                    .append(Html.text(one.run().folder().toString()))
                    .append("</span></summary>\n");
            environment(one.run());
            if (!one.run().config().isEmpty()) {
                html.append("<h4>config.toml</h4>\n<pre tabindex=\"0\">")
                        .append(Html.text(one.run().config()))
                        .append("</pre>\n");
            }
            html.append("</details>\n");
        }
        close();
    }

    private void differences() {
        List<Shown> known =
                shown.stream().filter(one -> one.run().settings() != null).toList();
        List<Key> different = Stream.of(Key.values())
                .filter(key -> key != Key.RULE
                        && known.stream()
                                        .map(one -> Objects.requireNonNull(
                                                        one.run().settings())
                                                .text(key))
                                        .distinct()
                                        .count()
                                > 1)
                .toList();
        if (different.isEmpty()) {
            return;
        }
        html.append(
                "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Settings that differ\">\n<table>\n<caption>Settings"
                        + " in which the runs differ</caption>\n<thead><tr><th scope=\"col\">run</th>");
        different.forEach(
                key -> html.append("<th scope=\"col\">").append(key.title()).append("</th>"));
        html.append("</tr></thead>\n<tbody>\n");
        for (Shown one : known) {
            html.append("<tr><th scope=\"row\">").append(named(one)).append("</th>");
            different.forEach(key -> html.append("<td>")
                    .append(Html.text(
                            Objects.requireNonNull(one.run().settings()).text(key)))
                    .append("</td>"));
            html.append("</tr>\n");
        }
        html.append("</tbody>\n</table>\n</div>\n");
    }

    private void environment(ReportedRun run) {
        JsonNode sessions = run.record().path("sessions");
        JsonNode last = sessions.path(sessions.size() - 1);
        Map<String, String> facts = new LinkedHashMap<>();
        fact(facts, "command", run.record(), "command");
        fact(facts, "preset", run.record(), "preset");
        fact(facts, "seed", run.record(), "seed");
        fact(facts, "precision", run.record(), "precision");
        fact(facts, "device", last, "device");
        fact(facts, "threads", last, "threads");
        fact(facts, "processor", last, "processor");
        fact(facts, "host", last, "host");
        fact(facts, "Java", last, "java");
        fact(facts, "kib4j", last, "version");
        fact(facts, "commit", last, "commit");
        fact(facts, "started", run.record(), "started");
        fact(facts, "ended", run.record(), "ended");
        if (sessions.size() > 1) {
            facts.put("sessions", String.valueOf(sessions.size()));
        }
        JsonNode images = run.record().path("data");
        fact(facts, "training images", images, "train_images");
        fact(facts, "test images", images, "test_images");
        fact(facts, "checksum of the data", images, "checksum");
        if (facts.isEmpty()) {
            return;
        }
        html.append("<dl>\n");
        facts.forEach((name, value) -> html.append("<div><dt>")
                .append(name)
                .append("</dt><dd>")
                .append(Html.text(value))
                .append("</dd></div>\n"));
        html.append("</dl>\n");
    }

    private static void fact(Map<String, String> facts, String name, JsonNode of, String field) {
        JsonNode value = of.path(field);
        if (value.isValueNode() && !value.isNull() && !value.asText().isEmpty()) {
            facts.put(name, value.asText());
        }
    }
}
