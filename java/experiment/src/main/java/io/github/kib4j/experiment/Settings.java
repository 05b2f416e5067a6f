package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.datasets.FileFailure;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;

/** Values of settings; a setting without one has its default. */
public final class Settings {
    /** What a run may be resumed with otherwise than it began. */
    private static final Set<Key> OF_THE_MACHINE = Set.of(
            Key.CHECKPOINT_STEPS,
            Key.DATA,
            Key.DEVICE,
            Key.THREADS,
            Key.ALIGNMENT,
            Key.LAYER_METRICS,
            Key.PROBES,
            Key.TENSORBOARD);

    /** Begins the configurations that runs write. */
    static final String RECORD = "# All settings of this run";

    private final Map<Key, String> values = new EnumMap<>(Key.class);

    /**
     * {@return the value in its usual writing}
     *
     * @param key of the setting
     */
    public String text(Key key) {
        return values.getOrDefault(key, key.fallback());
    }

    /**
     * {@return whether it has a value of its own}
     *
     * @param key of the setting
     */
    public boolean isSet(Key key) {
        return values.containsKey(key);
    }

    /**
     * {@return an integer; 0 where the setting is empty}
     *
     * @param key of the setting
     */
    public int integer(Key key) {
        return text(key).isEmpty() ? 0 : Integer.parseInt(text(key));
    }

    long seed() {
        return Long.parseLong(text(Key.SEED));
    }

    /**
     * {@return a number}
     *
     * @param key of the setting
     */
    public double number(Key key) {
        return Double.parseDouble(text(key));
    }

    /**
     * {@return numbers, at least one}
     *
     * @param key of the setting
     */
    public List<Double> numbers(Key key) {
        return Key.numbers(text(key));
    }

    /**
     * {@return whether it is true}
     *
     * @param key of the setting
     */
    public boolean flag(Key key) {
        return Boolean.parseBoolean(text(key));
    }

    /**
     * {@return integers}
     *
     * @param key of the setting
     */
    public List<Integer> integers(Key key) {
        return Key.integers(text(key));
    }

    /**
     * {@return names, at least none}
     *
     * @param key of the setting
     */
    public List<String> names(Key key) {
        return text(key).isBlank()
                ? List.of()
                : Arrays.stream(text(key).split(",")).map(String::strip).toList();
    }

    /**
     * {@return one of the key's choices}
     *
     * @param key of the setting
     * @throws UsageException if the value is none of them; it lists them
     */
    public String choice(Key key) {
        return choice(key, text(key));
    }

    /** Returns this value if it is one of the key's choices; another value is an error that lists them. */
    static String choice(Key key, String value) {
        List<String> names = key.choices();
        // One of several devices of a kind has a number: cuda:1.
        String name = key == Key.DEVICE ? value.replaceFirst(":[0-9]+$", "") : value;
        if (!names.contains(name)) {
            String what = key == Key.DATASET ? "data set" : key.title().replace('-', ' ');
            throw UsageException.unknown(what, value, names);
        }
        return value;
    }

    /**
     * Sets one.
     *
     * @param key of the setting
     * @param value as people write it
     * @return this
     * @throws UsageException if the value is of another type or outside the range; a name is looked up as it is used
     */
    public Settings set(Key key, String value) {
        values.put(key, key.normalize(value));
        return this;
    }

    /**
     * Sets all that others have.
     *
     * @param others that win
     * @return this
     */
    public Settings setAll(Settings others) {
        values.putAll(others.values);
        return this;
    }

    /**
     * Returns these settings with one more, or another.
     *
     * @param key of the setting
     * @param value as people write it
     * @return new settings; these stay as they are
     * @throws UsageException as {@link #set} does
     */
    public Settings with(Key key, String value) {
        return new Settings().setAll(this).set(key, value);
    }

    /** Returns the first key but epochs that these settings have otherwise than a run's, though a run must keep it; null if none. */
    @Nullable
    Key conflict(Settings run) {
        return values.entrySet().stream()
                .filter(entry -> entry.getKey() != Key.EPOCHS && !OF_THE_MACHINE.contains(entry.getKey()))
                .filter(entry -> !entry.getValue().equals(run.text(entry.getKey())))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    /** Returns whether a run may be resumed with another value of it: it is of the machine. */
    static boolean isOfTheMachine(Key key) {
        return OF_THE_MACHINE.contains(key);
    }

    /** Returns a run's settings with those of the machine replaced by what is set here. */
    Settings onThisMachine(Settings run) {
        Settings settings = new Settings().setAll(run);
        OF_THE_MACHINE.stream().filter(this::isSet).forEach(key -> settings.set(key, text(key)));
        return settings;
    }

    /**
     * A configuration file.
     *
     * @param settings that it holds
     * @param preset that it builds on; null if it names none
     * @param places where in the file each setting stands, for messages
     * @param record whether a run wrote it: its settings are a record, not wishes
     */
    record FromFile(Settings settings, @Nullable String preset, Map<Key, String> places, boolean record) {
        /** What there is without a file. */
        static final FromFile NONE = new FromFile(new Settings(), null, Map.of(), false);

        /** Returns the file as if it named another preset. */
        FromFile withPreset(String other) {
            return new FromFile(settings, other, places, record);
        }
    }

    /**
     * Reads a configuration file.
     *
     * @throws UsageException if it cannot be read, is no TOML, or has a key or a value that is none
     */
    static FromFile read(Path file) {
        TomlFile toml = TomlFile.read(file);
        return read(toml, List.of(), toml.startsWith(RECORD));
    }

    /** Reads the settings in a table of a file; its path is empty for the whole file. */
    static FromFile read(TomlFile file, List<String> table, boolean record) {
        Settings settings = new Settings();
        Map<Key, String> places = new EnumMap<>(Key.class);
        String preset = null;
        for (String name : file.names(table)) {
            String where = file.where(table, name);
            try {
                String value = file.text(table, name);
                if (name.equals("preset")) {
                    preset = value;
                } else if (!isEverything(name, value)) {
                    settings.set(known(name), value);
                    places.put(known(name), where);
                }
            } catch (UsageException e) {
                throw new UsageException(where + ": " + e.getMessage());
            }
        }
        return new FromFile(settings, preset, places, record);
    }

    /** Returns whether a value asks for all processor threads, as files of earlier versions do. */
    private static boolean isEverything(String name, String value) {
        return name.equals(Key.THREADS.title()) && value.equals("0");
    }

    /** Returns the setting of a name; a name that is none is an error that says which are near. */
    static Key known(String name) {
        List<String> titles = Arrays.stream(Key.values()).map(Key::title).toList();
        return Key.named(name)
                .orElseThrow(() -> new UsageException("There is no setting '" + FileFailure.printable(name) + "'"
                        + Words.didYouMean(name, titles, ";") + " '" + Invocation.of("train", "--help")
                        + "' lists all."));
    }

    /** Returns these settings as TOML, one line each, after a heading. */
    String toToml(String heading, Predicate<Key> which) {
        StringBuilder toml = new StringBuilder(heading);
        for (Key key : Key.values()) {
            String value = text(key);
            boolean unset = value.isEmpty() && key.fallback().isEmpty() && key.type() != Key.Type.INTEGERS;
            if (unset || !which.test(key)) {
                continue;
            }
            String written = switch (key.type()) {
                case TEXT, NAME, NAMES, SIZE, WEIGHTS, CHOICE -> "\"" + Toml.tomlEscape(value) + "\"";
                case INTEGERS -> list(value);
                case NUMBERS -> value.contains(",") ? list(value) : value;
                default -> value;
            };
            toml.append(key.title()).append(" = ").append(written).append('\n');
        }
        return toml.toString();
    }

    private static String list(String value) {
        return "[" + value.replace(",", ", ") + "]";
    }

    /** {@return the settings that were set, as JSON} */
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        values.forEach((key, value) -> {
            switch (key.type()) {
                case INTEGER -> json.put(key.title(), Long.parseLong(value));
                case NUMBER -> json.put(key.title(), Double.parseDouble(value));
                case FLAG -> json.put(key.title(), Boolean.parseBoolean(value));
                case INTEGERS -> Key.integers(value).forEach(json.withArray("/" + key.title())::add);
                case NUMBERS -> {
                    List<Double> numbers = Key.numbers(value);
                    if (numbers.size() == 1) {
                        json.put(key.title(), numbers.get(0));
                    } else {
                        numbers.forEach(json.withArray("/" + key.title())::add);
                    }
                }
                default -> json.put(key.title(), value);
            }
        });
        return json;
    }
}
