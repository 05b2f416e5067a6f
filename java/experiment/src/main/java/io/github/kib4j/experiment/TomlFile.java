package io.github.kib4j.experiment;

import io.github.kib4j.datasets.FileFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** A configuration file: what stands in it, and where. */
final class TomlFile {
    private static final int LARGEST_FILE = 1 << 20;
    private static final String BYTE_ORDER_MARK = "\ufeff";

    private final Path file;
    private final String text;
    private final TomlParseResult toml;

    private TomlFile(Path file, String text, TomlParseResult toml) {
        this.file = file;
        this.text = text;
        this.toml = toml;
    }

    /**
     * Reads a file.
     *
     * @throws UsageException if it cannot be read, or is no TOML
     */
    static TomlFile read(Path file) {
        return of(file, readText(file));
    }

    /** Reads a file's text. */
    static TomlFile of(Path file, String text) {
        TomlParseResult toml = parse(text, file);
        if (toml.hasErrors()) {
            TomlParseError error = toml.errors().get(0);
            throw new UsageException("The configuration file " + file + at(error.position()) + ", is no TOML: "
                    + FileFailure.printable(String.valueOf(error.getMessage())) + ".");
        }
        return new TomlFile(file, text, toml);
    }

    /** Returns a file's text, without the mark that some editors put before it. */
    private static String readText(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LARGEST_FILE + 1);
            if (bytes.length > LARGEST_FILE) {
                throw new UsageException("The configuration file " + file + " is larger than " + LARGEST_FILE
                        + " bytes; name a TOML file of settings.");
            }
            CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
            String text = decoder.decode(ByteBuffer.wrap(bytes)).toString();
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
        } catch (IOException e) {
            throw new UsageException("The configuration file " + file + " cannot be read (" + FileFailure.reason(e)
                    + "); name an existing TOML file.");
        }
    }

    private static TomlParseResult parse(String text, Path file) {
        try {
            return Toml.parse(text);
        } catch (StackOverflowError | RuntimeException e) {
            throw new UsageException(
                    "The configuration file " + file
                            + " cannot be understood (it is nested too deeply or has numbers too large); name a TOML file of settings.");
        }
    }

    boolean startsWith(String beginning) {
        return text.startsWith(beginning);
    }

    /** Returns the names in a table of the file, in their order; none if there is no such table. */
    List<String> names(List<String> table) {
        TomlTable there = table.isEmpty() ? toml : toml.get(table) instanceof TomlTable found ? found : null;
        return there == null ? List.of() : List.copyOf(there.keySet());
    }

    @Nullable
    Object get(List<String> table, String name) {
        return toml.get(path(table, name));
    }

    /** Returns a value as it is written on a command line. */
    String text(List<String> table, String name) {
        return written(name, get(table, name));
    }

    /** Returns the elements of a list, each as it is written on a command line; null if it is no list. */
    @Nullable
    List<String> texts(List<String> table, String name) {
        return get(table, name) instanceof TomlArray array
                ? array.toList().stream().map(element -> written(name, element)).toList()
                : null;
    }

    /** Returns where a name stands, for messages. */
    String where(List<String> table, String name) {
        return file + at(toml.inputPositionOf(path(table, name)));
    }

    private static List<String> path(List<String> table, String name) {
        List<String> path = new ArrayList<>(table);
        path.add(name);
        return path;
    }

    private static String at(@Nullable TomlPosition position) {
        return position == null ? "" : ", line " + position.line() + ", column " + position.column();
    }

    private static String written(String name, @Nullable Object value) {
        if (value instanceof TomlArray array) {
            return array.toList().stream()
                    .map(element -> written(name, element))
                    .collect(Collectors.joining(","));
        }
        if (value instanceof TomlTable) {
            throw new UsageException(
                    "'" + FileFailure.printable(name) + "' is a table, but settings are plain values.");
        }
        return String.valueOf(value);
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
