package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What has become of a study so far: a line for each candidate, with mean and standard deviation over its seeds.
 *
 * @param title of the study
 * @param measured what is measured, {@code test accuracy}
 * @param lines in their order
 * @param plain the line that others' gains are counted from; null where none are
 */
public record StudyTable(
        String title,
        String measured,
        List<Line> lines,
        @Nullable Line plain) {
    /** The table's file that programs and reports read. */
    public static final String FILE = "table.json";

    private static final String GAP = "  ";

    /**
     * A candidate, and what has become of it.
     *
     * @param candidate what was trained
     * @param results of its trials
     */
    public record Line(Candidate candidate, List<TrialResult> results) {
        private List<TrialResult> finished() {
            return results.stream()
                    .filter(result -> result.state() == TrialResult.State.FINISHED)
                    .toList();
        }

        /** {@return the mean accuracy of the seeds that are finished, in percent; not a number if none is} */
        public double mean() {
            return finished().stream()
                    .mapToDouble(TrialResult::testAccuracy)
                    .average()
                    .orElse(Double.NaN);
        }

        /** {@return the standard deviation over finished seeds, as estimated from a sample; not a number below two} */
        public double deviation() {
            return StudyTable.deviation(
                    finished().stream().mapToDouble(TrialResult::testAccuracy).toArray());
        }

        /** Returns what it is better than another line, seed by seed: of those that both have finished. */
        private double[] differences(Line other) {
            return IntStream.range(0, Math.min(results.size(), other.results.size()))
                    .filter(seed -> results.get(seed).state() == TrialResult.State.FINISHED
                            && other.results.get(seed).state() == TrialResult.State.FINISHED)
                    .mapToDouble(seed -> results.get(seed).testAccuracy()
                            - other.results.get(seed).testAccuracy())
                    .toArray();
        }

        /** {@return the mean less the paper's; not a number without either} */
        public double difference() {
            return candidate.paper() == null ? Double.NaN : mean() - candidate.paper();
        }

        /** {@return the mean accuracy with mirror images, which is never mixed with the other; not a number where they are not read} */
        public double flippedMean() {
            return finished().stream()
                    .mapToDouble(TrialResult::flippedAccuracy)
                    .average()
                    .orElse(Double.NaN);
        }

        /** Returns the mean time of training of the seeds that are finished. */
        private double seconds() {
            return finished().stream()
                    .mapToDouble(TrialResult::seconds)
                    .average()
                    .orElse(Double.NaN);
        }

        private String seeds() {
            int done = finished().size();
            return done == results.size() ? Integer.toString(done) : done + " of " + results.size();
        }

        private int epochs() {
            return candidate.trials().get(0).epochs();
        }

        private boolean has(TrialResult.State state) {
            return results.stream().anyMatch(result -> result.state() == state);
        }

        private String accuracy() {
            if (finished().isEmpty()) {
                return has(TrialResult.State.DIVERGED)
                        ? "diverged"
                        : has(TrialResult.State.SKIPPED) ? "skipped" : has(TrialResult.State.FAILED) ? "failed" : "";
            }
            return number("%.2f", mean()) + (finished().size() < 2 ? "" : number(" ± %.2f", deviation()));
        }

        /** Returns what there is to say of seeds that have no accuracy; what is the same of all once. */
        private String remark() {
            List<String> remarks =
                    results.stream().map(TrialResult::remark).distinct().toList();
            if (remarks.size() == 1 && has(TrialResult.State.SKIPPED)) {
                return remarks.get(0);
            }
            StringJoiner all = new StringJoiner("; ");
            for (int i = 0; i < results.size(); i++) {
                if (!results.get(i).remark().isEmpty()) {
                    String seed = candidate.trials().get(i).settings().text(Key.SEED);
                    all.add("seed " + seed + " " + results.get(i).remark().replaceFirst("\\.$", ""));
                }
            }
            return all.toString();
        }
    }

    /**
     * What a line gains over the plain one.
     *
     * @param mean of the differences between accuracies of the same seed, in points; not a number if no seed is finished in both
     * @param deviation their standard deviation, as estimated from a sample; not a number below two
     */
    public record Gain(double mean, double deviation) {}

    /**
     * {@return a line's gain; not a number of the plain line itself, and where there is none}
     *
     * @param line of this table
     */
    public Gain gain(Line line) {
        double[] differences = plain == null || line.equals(plain) ? new double[0] : line.differences(plain);
        return new Gain(Arrays.stream(differences).average().orElse(Double.NaN), deviation(differences));
    }

    private static double deviation(double... values) {
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double squares =
                Arrays.stream(values).map(value -> Math.pow(value - mean, 2)).sum();
        return values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1));
    }

    private String gainCell(Line line) {
        Gain gain = gain(line);
        return number("%+.2f", gain.mean()) + number(" ± %.2f", gain.deviation());
    }

    private record Column(String title, boolean right, Function<Line, String> cell) {}

    private static String number(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }

    private List<String> labels() {
        return lines.isEmpty()
                ? List.of()
                : List.copyOf(lines.get(0).candidate().labels().keySet());
    }

    private List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        labels().forEach(label -> columns.add(
                new Column(label, false, line -> line.candidate().labels().get(label))));
        boolean compared = lines.stream().anyMatch(line -> line.candidate().paper() != null);
        if (compared) {
            columns.add(new Column("paper %", true, line -> paper(line, "")));
        }
        columns.add(new Column(compared ? "ours %" : measured + " %", true, Line::accuracy));
        if (compared) {
            columns.add(new Column("difference", true, line -> number("%+.2f", line.difference())));
        }
        if (plain != null) {
            columns.add(new Column("gain", true, this::gainCell));
        }
        if (hasFlips()) {
            columns.add(new Column("with flips %", true, line -> number("%.2f", line.flippedMean())));
        }
        columns.add(new Column("seeds", true, Line::seeds));
        columns.add(new Column("epochs", true, line -> Integer.toString(line.epochs())));
        columns.add(
                new Column("time", true, line -> Double.isNaN(line.seconds()) ? "" : Words.duration(line.seconds())));
        if (lines.stream().anyMatch(line -> !line.remark().isEmpty())) {
            columns.add(new Column("remark", false, Line::remark));
        }
        return columns;
    }

    private boolean hasFlips() {
        return lines.stream().anyMatch(line -> !Double.isNaN(line.flippedMean()));
    }

    private static String paper(Line line, String none) {
        Double paper = line.candidate().paper();
        return paper == null ? none : paper.toString();
    }

    private List<List<String>> cells(List<Column> columns) {
        return lines.stream()
                .map(line -> columns.stream()
                        .map(column -> Objects.requireNonNullElse(column.cell().apply(line), ""))
                        .toList())
                .toList();
    }

    /** {@return the table for a terminal} */
    public String text() {
        List<Column> columns = columns();
        List<List<String>> rows = new ArrayList<>();
        rows.add(columns.stream().map(Column::title).toList());
        rows.addAll(cells(columns));
        int[] widths = IntStream.range(0, columns.size())
                .map(i ->
                        rows.stream().mapToInt(row -> row.get(i).length()).max().orElse(0))
                .toArray();
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String space = " ".repeat(widths[i] - row.get(i).length());
                line.append(i == 0 ? "" : GAP);
                line.append(columns.get(i).right() ? space + row.get(i) : row.get(i) + space);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /**
     * {@return the table as a Markdown file}
     *
     * @param command that made it
     */
    public String markdown(String command) {
        List<Column> columns = columns();
        StringBuilder text = new StringBuilder("# " + title + "\n`" + command + "`\n\n");
        text.append(line(columns.stream().map(Column::title).toList()));
        text.append(line(columns.stream().map(c -> c.right() ? "---:" : "---").toList()));
        cells(columns).forEach(row -> text.append(line(row)));
        text.append("\nMean ").append(measured).append(" after the last epoch, and its standard deviation over seeds");
        if (plain != null) {
            text.append("; gain is the mean difference to the first line, seed by seed, and its standard deviation");
        }
        return text.append("; time is the mean of a run's training.\n").toString();
    }

    private static String line(List<String> cells) {
        StringJoiner line = new StringJoiner(" | ", "| ", " |\n");
        cells.forEach(cell -> line.add(cell.replace("|", "\\|")));
        return line.toString();
    }

    /** {@return the table's numbers as comma-separated values, a line for each candidate} */
    public String csv() {
        StringBuilder csv = new StringBuilder();
        labels().forEach(label -> csv.append(quoted(label.replace(' ', '_'))).append(','));
        csv.append("paper_accuracy,accuracy,deviation,difference,")
                .append(plain == null ? "" : "gain,gain_deviation,")
                .append("seeds_finished,seeds,epochs,train_seconds,remark")
                .append(hasFlips() ? ",accuracy_with_flips\n" : "\n");
        for (Line line : lines) {
            line.candidate()
                    .labels()
                    .values()
                    .forEach(label -> csv.append(quoted(label)).append(','));
            csv.append(paper(line, ""))
                    .append(',')
                    .append(number("%.4f", line.mean()))
                    .append(',');
            csv.append(number("%.4f", line.deviation())).append(',');
            csv.append(number("%.4f", line.difference())).append(',');
            if (plain != null) {
                Gain gain = gain(line);
                csv.append(number("%.4f", gain.mean())).append(',');
                csv.append(number("%.4f", gain.deviation())).append(',');
            }
            csv.append(line.finished().size())
                    .append(',')
                    .append(line.results().size())
                    .append(',');
            csv.append(line.epochs())
                    .append(',')
                    .append(number("%.1f", line.seconds()))
                    .append(',');
            csv.append(quoted(line.remark()));
            csv.append(hasFlips() ? "," + number("%.4f", line.flippedMean()) : "")
                    .append('\n');
        }
        return csv.toString();
    }

    /** {@return the numbers of all trials as comma-separated values, a line for each} */
    public String trialsCsv() {
        StringBuilder csv = new StringBuilder();
        labels().forEach(label -> csv.append(quoted(label.replace(' ', '_'))).append(','));
        csv.append("seed,run,state,accuracy,train_accuracy,epochs,train_seconds,remark\n");
        for (Line line : lines) {
            for (int i = 0; i < line.results().size(); i++) {
                Trial trial = line.candidate().trials().get(i);
                TrialResult result = line.results().get(i);
                line.candidate()
                        .labels()
                        .values()
                        .forEach(label -> csv.append(quoted(label)).append(','));
                csv.append(trial.settings().text(Key.SEED))
                        .append(',')
                        .append(trial.name())
                        .append(',');
                csv.append(result.state().name().toLowerCase(Locale.ROOT)).append(',');
                csv.append(number("%.4f", result.testAccuracy())).append(',');
                csv.append(number("%.4f", result.trainAccuracy())).append(',');
                csv.append(result.epochs())
                        .append(',')
                        .append(number("%.1f", result.seconds()))
                        .append(',');
                csv.append(quoted(result.remark())).append('\n');
            }
        }
        return csv.toString();
    }

    private static String quoted(String cell) {
        return cell.matches("[^,\"\r\n]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }

    /**
     * {@return the table as JSON: title, command, measured, columns and rows as they are printed, and the lines as {@link #toJson()}
     * has them}
     *
     * @param command that made it
     */
    String toJson(String command) {
        ObjectNode all = new ObjectMapper().createObjectNode();
        all.put("title", title).put("command", command).put("measured", measured);
        List<Column> columns = columns();
        ArrayNode titles = all.putArray("columns");
        columns.forEach(
                column -> titles.addObject().put("title", column.title()).put("number", column.right()));
        ArrayNode rows = all.putArray("rows");
        cells(columns).forEach(row -> row.forEach(rows.addArray()::add));
        all.set("lines", toJson());
        return all.toPrettyString() + "\n";
    }

    /** {@return the lines as JSON: labels, paper_accuracy, accuracy, deviation, difference, gain, seeds, epochs, remark} */
    public ArrayNode toJson() {
        ArrayNode all = new ObjectMapper().createArrayNode();
        for (Line line : lines) {
            ObjectNode one = all.addObject();
            ObjectNode labels = one.putObject("labels");
            line.candidate().labels().forEach(labels::put);
            one.put("paper_accuracy", line.candidate().paper());
            put(one, "accuracy", line.mean());
            put(one, "deviation", line.deviation());
            put(one, "difference", line.difference());
            if (plain != null) {
                put(one, "gain", gain(line).mean());
                put(one, "gain_deviation", gain(line).deviation());
            }
            if (hasFlips()) {
                put(one, "accuracy_with_flips", line.flippedMean());
            }
            one.put("seeds_finished", line.finished().size())
                    .put("seeds", line.results().size());
            one.put("epochs", line.epochs());
            put(one, "train_seconds", line.seconds());
            one.put("remark", line.remark());
            ArrayNode runs = one.putArray("runs");
            line.candidate().trials().forEach(trial -> runs.add(trial.name()));
        }
        return all;
    }

    private static void put(ObjectNode node, String name, double value) {
        node.put(name, Double.isNaN(value) ? null : Double.valueOf(value));
    }
}
