package io.github.kib4j.bench.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** Results in a file of JSON that is whole at every moment, as the programs of {@code bench/gpu} write theirs. */
final class Rows {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final @Nullable Path file;
    private final ObjectNode about;
    private final ArrayNode rows;

    /** Begins a file; null for none. */
    Rows(@Nullable Path file) {
        this(file, object());
    }

    private Rows(@Nullable Path file, ObjectNode about) {
        this.file = file;
        this.about = about;
        rows = about.withArray("rows");
    }

    /** Goes on with a file that another process began. */
    static Rows goOn(Path file) throws IOException {
        return new Rows(file, (ObjectNode) JSON.readTree(file.toFile()));
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /** Returns what holds for all rows. */
    ObjectNode about() {
        return about;
    }

    int size() {
        return rows.size();
    }

    /** Returns how many rows have this field. */
    int count(String field) {
        int count = 0;
        for (JsonNode row : rows) {
            count += row.has(field) ? 1 : 0;
        }
        return count;
    }

    void add(ObjectNode row) throws IOException {
        rows.add(row);
        write();
    }

    void write() throws IOException {
        if (file != null) {
            Path fresh = file.resolveSibling(file.getFileName() + ".new");
            Files.writeString(fresh, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(about) + "\n");
            Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
