package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Named settings: {@code quickstart}, trainings without labels, and the paper's runs. */
public final class Presets {
    /** The preset that is trained where nothing else is asked for. */
    public static final String QUICKSTART = "quickstart";

    private static final Map<String, Settings> PRESETS = new LinkedHashMap<>();
    private static final Map<String, Double> PAPER_ACCURACIES = new LinkedHashMap<>();

    static {
        try (InputStream in = Presets.class.getResourceAsStream("presets.json")) {
            JsonNode all = new ObjectMapper().readTree(Objects.requireNonNull(in));
            for (JsonNode preset : all.get("presets")) {
                String name = preset.get("name").asText();
                PRESETS.put(name, settings(preset, all.get("families")));
                if (preset.has("paper-accuracy")) {
                    PAPER_ACCURACIES.put(name, preset.get("paper-accuracy").asDouble());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Knows all of them. */
    public Presets() {
        // They are read once.
    }

    /** Returns the settings of a preset or a family: its own, over those of the family that it is of. */
    private static Settings settings(JsonNode of, JsonNode families) {
        JsonNode family = families.get(of.path("of").asText());
        Settings settings = family == null ? new Settings() : settings(family, families);
        for (Key key : Key.values()) {
            JsonNode value = of.get(key.title());
            if (value != null) {
                StringJoiner numbers = new StringJoiner(",");
                value.forEach(number -> numbers.add(number.asText()));
                settings.set(key, value.isArray() ? numbers.toString() : value.asText());
            }
        }
        return settings;
    }

    /** {@return the names of all presets} */
    public List<String> names() {
        return List.copyOf(PRESETS.keySet());
    }

    /**
     * {@return a preset's settings}
     *
     * @param name of the preset, in any case
     * @throws UsageException if there is none of this name; it lists the nearest ones
     */
    public Settings get(String name) {
        return new Settings().setAll(Objects.requireNonNull(PRESETS.get(named(name))));
    }

    /**
     * {@return the name as it is listed}
     *
     * @param name of the preset, in any case
     * @throws UsageException if there is none of this name; it lists the nearest ones
     */
    public String named(String name) {
        return Words.same(name, PRESETS.keySet())
                .orElseThrow(() -> new UsageException("There is no preset '" + name + "'; near it are: "
                        + String.join(", ", Words.nearByWords(name, PRESETS.keySet(), 4))
                        + " ('" + Invocation.of("presets") + "' lists all)."));
    }

    /**
     * {@return the mean test accuracy that the paper reports, in percent; null where there is none}
     *
     * @param name of the preset, as it is listed
     */
    public @Nullable Double paperAccuracy(String name) {
        return PAPER_ACCURACIES.get(name);
    }

    /**
     * {@return a preset as a configuration file: what it sets that has an effect}
     *
     * @param name of the preset
     * @throws UsageException if there is none of this name
     */
    public String toToml(String name) {
        Settings settings = get(name);
        Effects effects = new Effects(settings);
        Double paper = paperAccuracy(name);
        String reported = paper == null ? "" : "; the paper reports " + paper + " % of test images";
        return settings.toToml(
                "# Preset " + name + reported + ".\n",
                key -> settings.isSet(key) && !effects.isUnread(key) && effects.whyNone(key) == null);
    }
}
