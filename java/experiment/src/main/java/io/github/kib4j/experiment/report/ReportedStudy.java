package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.experiment.Study;
import io.github.kib4j.experiment.StudyTable;
import io.github.kib4j.experiment.Words;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/**
 * The table of an experiment or a sweep, as its folder has it, and its runs.
 *
 * @param folder of the study
 * @param table what {@code table.json} says
 */
record ReportedStudy(Path folder, JsonNode table) {
    /** Runs up to which all of a study are shown, and not only the first seed's. */
    private static final int MOST_RUNS = 12;

    /** Returns whether a folder is a study's. */
    static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(StudyTable.FILE)) && Files.isDirectory(folder.resolve(Study.RUNS));
    }

    /** Reads a study; empty, with a note, where its table cannot be read. */
    static Optional<ReportedStudy> read(Path folder, Notes notes) {
        Path file = folder.resolve(StudyTable.FILE);
        return notes.unless("The table " + file + " is not shown", () -> {
                    try {
                        return new ObjectMapper().readTree(Files.readString(file));
                    } catch (JsonProcessingException e) {
                        return new ObjectMapper().nullNode();
                    }
                })
                .map(table -> new ReportedStudy(folder, table))
                .filter(study -> study.isWhole(notes, file));
    }

    private boolean isWhole(Notes notes, Path file) {
        boolean whole = table.path("columns").isArray()
                && table.path("rows").isArray()
                && table.path("lines").isArray();
        if (!whole) {
            notes.add("The table " + file + " is not shown: it is damaged.");
        }
        return whole;
    }

    /** Returns the runs that are shown, each with the label of its line, in the table's order. */
    Map<Path, String> runs(Notes notes) {
        List<List<Path>> seeds = new ArrayList<>();
        for (JsonNode line : table.path("lines")) {
            List<Path> there = new ArrayList<>();
            for (JsonNode run : line.path("runs")) {
                Path of =
                        folder.resolve(Study.RUNS).resolve(Path.of(run.asText()).getFileName());
                if (Files.isDirectory(of)) {
                    there.add(of);
                }
            }
            seeds.add(there);
        }
        int all = seeds.stream().mapToInt(List::size).sum();
        boolean first = all > MOST_RUNS;
        Map<Path, String> shown = new LinkedHashMap<>();
        for (int i = 0; i < seeds.size(); i++) {
            for (int k = 0;
                    k < (first ? Math.min(1, seeds.get(i).size()) : seeds.get(i).size());
                    k++) {
                String seed = first || seeds.get(i).size() == 1 ? "" : " #" + (k + 1);
                shown.putIfAbsent(seeds.get(i).get(k), label(table.path("lines").get(i)) + seed);
            }
        }
        if (shown.size() < all) {
            notes.add(
                    "Of " + Words.count(all, "run") + " in " + folder
                            + " curves, pictures and mistakes are shown of the first of each line; name folders of runs to see others.");
        }
        return shown;
    }

    /** Returns what tells a line from the others. */
    private String label(JsonNode line) {
        StringJoiner label = new StringJoiner(" ");
        line.path("labels").fields().forEachRemaining(entry -> {
            Set<String> values = new HashSet<>();
            table.path("lines")
                    .forEach(one ->
                            values.add(one.path("labels").path(entry.getKey()).asText()));
            if (values.size() > 1) {
                label.add(entry.getValue().asText());
            }
        });
        return label.toString();
    }

    /** Returns whether it compares with the paper's figures. */
    boolean hasPaper() {
        for (JsonNode line : table.path("lines")) {
            if (line.path("paper_accuracy").isNumber()) {
                return true;
            }
        }
        return false;
    }

    /** Returns the table as the page has it. */
    Markup html() {
        Table html = new Table(
                table.path("title").asText(),
                "results",
                table.path("title").asText() + ": mean "
                        + table.path("measured").asText("accuracy")
                        + " after the last epoch, and its standard deviation over seeds.");
        for (JsonNode column : table.path("columns")) {
            if (column.path("number").asBoolean()) {
                html.number(column.path("title").asText());
            } else {
                html.text(column.path("title").asText());
            }
        }
        for (JsonNode row : table.path("rows")) {
            List<String> cells = new ArrayList<>();
            row.forEach(cell -> cells.add(cell.asText()));
            if (cells.size() == table.path("columns").size()) {
                html.row(cells);
            }
        }
        return Markup.of(
                "{}<p class=\"command\"><code>{}</code></p>\n",
                html.html(),
                table.path("command").asText());
    }
}
