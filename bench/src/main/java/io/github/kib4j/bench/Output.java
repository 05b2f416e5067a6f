package io.github.kib4j.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where a benchmark ran, by which command, and where its report goes. */
public record Output(Machine before, Machine after, String program, List<String> arguments) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** {@return the command to run it again} */
    public String command() {
        return arguments.isEmpty() ? program : program + " " + String.join(" ", arguments);
    }

    /** {@return what the report begins with} */
    public String header() {
        return String.format(
                Locale.ROOT,
                "Command: `%s`%n%nProcessor: %s, %d processors; %s; %s. Load of the machine: %.1f before, %.1f after.%n",
                command(),
                before.processor(),
                before.processors(),
                before.system(),
                before.java(),
                before.load(),
                after.load());
    }

    /** {@return an object that tells machine and command} */
    public ObjectNode json() {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("command", command());
        root.set("machine_before", MAPPER.valueToTree(before));
        root.set("machine_after", MAPPER.valueToTree(after));
        return root;
    }

    /**
     * Prints the Markdown and, if a file is named, writes both beside each other.
     *
     * @param markdown the report for people
     * @param json the report for programs
     * @param file where it goes
     * @throws IOException if the file system refuses
     */
    public void write(String markdown, ObjectNode json, @Nullable Path file) throws IOException {
        System.out.print(markdown);
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Files.writeString(files(file).get(0), markdown);
        Files.writeString(
                files(file).get(1), MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
    }

    /** Returns the files of a report: Markdown and JSON. */
    static List<Path> files(Path file) {
        return Stream.of(".md", ".json")
                .map(ending -> file.resolveSibling(file.getFileName() + ending))
                .toList();
    }
}
