package io.github.kib4j.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.files.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run's epochs came to.
 *
 * @param lines the file {@code metrics.jsonl} of one object for each epoch
 * @param table the file {@code metrics.csv} of the same numbers
 */
record Metrics(Path lines, Path table) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Adds an epoch's line. */
    void append(ObjectNode epoch) throws IOException {
        DurableFiles.append(lines, JSON.writeValueAsString(epoch) + "\n");
        writeCsv();
    }

    /**
     * Drops what follows the lines of the first epochs: of epochs that were not saved, or half a line.
     *
     * @return the lines there are, {@code epochs} or one fewer
     */
    int keepEpochs(int epochs) throws IOException {
        List<String> whole = wholeLines();
        if (whole.size() < epochs - 1) {
            throw new CheckpointException("The file " + lines + " has " + Words.count(whole.size(), "epoch")
                    + ", but the checkpoint " + epochs + "; restore the file, or start a new run.");
        }
        List<String> kept = whole.subList(0, Math.min(epochs, whole.size()));
        replaceIfOther(lines, kept.stream().map(line -> line + "\n").collect(Collectors.joining()));
        writeCsv();
        return kept.size();
    }

    /** Returns the lines up to the first that is not its epoch's. */
    private List<String> wholeLines() throws IOException {
        String text = Files.exists(lines) ? Files.readString(lines) : "";
        List<String> whole = new ArrayList<>();
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            try {
                if (JSON.readTree(line).path("epoch").asInt() != whole.size() + 1) {
                    break;
                }
            } catch (JsonProcessingException e) {
                break;
            }
            whole.add(line);
        }
        return whole;
    }

    /** Writes a file, unless it holds that already. */
    static void replaceIfOther(Path file, String text) throws IOException {
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            DurableFiles.replace(file, text);
        }
    }

    /** Returns the epochs' lines. */
    List<JsonNode> epochs() throws IOException {
        List<JsonNode> epochs = new ArrayList<>();
        for (String line : wholeLines()) {
            epochs.add(JSON.readTree(line));
        }
        return epochs;
    }

    /** Writes the lines as a table with a column for each number that any of them has. */
    private void writeCsv() throws IOException {
        List<Map<String, String>> rows = new ArrayList<>();
        Set<String> columns = new LinkedHashSet<>();
        for (JsonNode epoch : epochs()) {
            Map<String, String> row = cells(epoch);
            rows.add(row);
            columns.addAll(row.keySet());
        }
        StringBuilder csv = new StringBuilder();
        if (!rows.isEmpty()) {
            csv.append(String.join(",", columns)).append('\n');
        }
        for (Map<String, String> row : rows) {
            csv.append(columns.stream().map(name -> row.getOrDefault(name, "")).collect(Collectors.joining(",")))
                    .append('\n');
        }
        replaceIfOther(table, csv.toString());
    }

    /** Returns an epoch's numbers by column; those of a list get a column each, null is empty, and lists of lists are left out. */
    private static Map<String, String> cells(JsonNode epoch) {
        Map<String, String> cells = new LinkedHashMap<>();
        epoch.fieldNames().forEachRemaining(name -> {
            JsonNode value = epoch.get(name);
            for (int i = 0; i < value.size(); i++) {
                if (value.get(i).isValueNode()) {
                    cells.put(name + "_" + (i + 1), cell(value.get(i)));
                }
            }
            if (!value.isArray()) {
                cells.put(name, cell(value));
            }
        });
        return cells;
    }

    private static String cell(JsonNode value) {
        return value.isNull() ? "" : value.asText();
    }
}
