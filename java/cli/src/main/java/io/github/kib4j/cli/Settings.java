package io.github.kib4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;

/** Values of settings. Later sources win: defaults, preset, configuration file, options. */
final class Settings {
    private final Map<Key, String> values = new EnumMap<>(Key.class);

    /** Returns the value of every key that was set, and a default for the others. */
    String text(Key key) {
        return values.getOrDefault(key, key.fallback());
    }

    boolean isSet(Key key) {
        return values.containsKey(key);
    }

    int integer(Key key) {
        long value = Long.parseLong(text(key));
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new UsageException(
                    "--" + key.title() + " must be between 0 and " + Integer.MAX_VALUE + ", but is " + value + ".");
        }
        return (int) value;
    }

    int positive(Key key) {
        int value = integer(key);
        if (value < 1) {
            throw new UsageException("--" + key.title() + " must be at least 1, but is " + value + ".");
        }
        return value;
    }

    long seed() {
        return Long.parseLong(text(Key.SEED));
    }

    double number(Key key) {
        return Double.parseDouble(text(key));
    }

    boolean flag(Key key) {
        return Boolean.parseBoolean(text(key));
    }

    List<Integer> integers(Key key) {
        return Key.integers(text(key));
    }

    /** Returns the choice among these names; another value is an error that lists them. */
    String choice(Key key, String... names) {
        String value = text(key).toLowerCase(Locale.ROOT);
        for (String name : names) {
            if (name.equals(value)) {
                return value;
            }
        }
        throw new UsageException("There is no " + key.title() + " '" + text(key) + "'; choose one of: "
                + String.join(", ", names) + ".");
    }

    Settings set(Key key, String value) {
        values.put(key, key.normalize(value));
        return this;
    }

    Settings setAll(Settings others) {
        values.putAll(others.values);
        return this;
    }

    /** Returns these settings with one more. */
    Settings with(Key key, String value) {
        return new Settings().setAll(this).set(key, value);
    }

    /** Returns the first key that these settings have otherwise than another's; null if there is none. */
    @Nullable
    Key conflict(Settings run) {
        return values.entrySet().stream()
                .filter(entry -> !entry.getValue().equals(run.text(entry.getKey())))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    /** A configuration file: its settings, and the preset it builds on, if it names one. */
    record FromFile(Settings settings, @Nullable String preset) {}

    /** Reads a configuration file. */
    static FromFile read(Path file) {
        TomlParseResult toml;
        try {
            toml = Toml.parse(Files.readString(file));
        } catch (IOException e) {
            throw new UsageException("The configuration file " + file + " cannot be read (" + e.getMessage()
                    + "); name an existing TOML file.");
        }
        if (toml.hasErrors()) {
            throw new UsageException("The configuration file " + file + " is no TOML: "
                    + toml.errors().get(0).toString() + ".");
        }
        Settings settings = new Settings();
        for (String name : toml.keySet()) {
            if (name.equals("preset")) {
                continue;
            }
            String where = file + at(toml.inputPositionOf(List.of(name)));
            Key key = Key.named(name)
                    .orElseThrow(() -> new UsageException(
                            "There is no setting '" + name + "' (" + where + "); 'kib train --help' lists all."));
            try {
                settings.set(key, written(toml.get(List.of(name))));
            } catch (UsageException e) {
                throw new UsageException(where + ": " + e.getMessage());
            }
        }
        Object preset = toml.get(List.of("preset"));
        return new FromFile(settings, preset == null ? null : preset.toString());
    }

    private static String at(@Nullable TomlPosition position) {
        return position == null ? "" : ", line " + position.line() + ", column " + position.column();
    }

    private static String written(@Nullable Object value) {
        if (value instanceof TomlArray array) {
            return array.toList().stream().map(String::valueOf).collect(Collectors.joining(","));
        }
        return String.valueOf(value);
    }

    /** Returns all settings as TOML, one line each. */
    String toToml() {
        StringBuilder toml =
                new StringBuilder("# All settings of this run; `kib train --config` with this file repeats it.\n");
        for (Key key : Key.values()) {
            String value = text(key);
            String written = switch (key.type()) {
                case TEXT -> "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
                case INTEGERS -> "[" + value.replace(",", ", ") + "]";
                default -> value;
            };
            toml.append(key.title()).append(" = ").append(written).append('\n');
        }
        return toml.toString();
    }
}
