package io.github.kib4j.experiment;

import io.github.kib4j.datasets.FileFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlTable;

/**
 * What single changes of a preset are worth: the preset as it is, with each change alone, and with several together, with the same
 * seeds. A file has a table of settings for each change, which stands by its name.
 */
public final class Ablation {
    /** The title of the column of changes. */
    private static final String CHANGE = "change";

    private static final String PLAIN = "none";

    private final Map<String, Change> changes;

    /** Settings, and where each of them is written. */
    private record Change(String name, Settings.FromFile file) {
        Settings over(Settings given) {
            return new Settings().setAll(given).setAll(file.settings());
        }

        /** Returns why none of its settings changes anything; null if one does. */
        @Nullable
        String whyNone(Settings complete) {
            Effects effects = new Effects(complete);
            StringJoiner reasons = new StringJoiner("; ");
            Set<Key> keys = file.places().keySet();
            for (Key key : keys) {
                String why = effects.whyNone(key);
                if (why == null) {
                    return null;
                }
                reasons.add("--" + key.title() + " has no effect: " + why);
            }
            return reasons.toString();
        }
    }

    private Ablation(TomlFile file) {
        changes = new LinkedHashMap<>();
        for (String name : file.names(List.of())) {
            if (!(file.get(List.of(), name) instanceof TomlTable)) {
                throw new UsageException(file.where(List.of(), name) + ": '" + FileFailure.printable(name)
                        + "' must be a table of settings, [" + FileFailure.printable(name) + "].");
            }
            if (name.equals(PLAIN) || !name.matches("[^,+]*[^,+ ][^,+]*")) {
                throw new UsageException(file.where(List.of(), name)
                        + ": a change needs a name of its own without comma and plus, but has '"
                        + FileFailure.printable(name)
                        + "'.");
            }
            Settings.FromFile read = Settings.read(file, List.of(name), false);
            if (read.preset() != null || read.places().isEmpty()) {
                throw new UsageException(
                        file.where(List.of(), name) + ": '" + name + "' must change a setting, and no preset.");
            }
            read.places().forEach((key, place) -> requireComparable(key, place));
            changes.put(name, new Change(name, read));
        }
        if (changes.isEmpty()) {
            throw new UsageException(file + " has no change; each is a table of settings, [NAME].");
        }
    }

    private static void requireComparable(Key key, String place) {
        if (key == Key.SEED || Settings.isOfTheMachine(key)) {
            throw new UsageException(place + ": '" + key.title() + "' is the same for all that is compared.");
        }
    }

    /** {@return the changes that kib4j brings: ways to better local learning, each from a source} */
    public static Ablation ofLocalLearning() {
        try (InputStream in = Ablation.class.getResourceAsStream("ablation.toml")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return new Ablation(TomlFile.of(Path.of("ablation.toml"), text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads changes of one's own.
     *
     * @param file in TOML, with a table of settings for each change
     * @return the changes
     * @throws UsageException if it cannot be read, or has a key or a value that is none
     */
    public static Ablation read(Path file) {
        return new Ablation(TomlFile.read(file));
    }

    /** {@return the changes' names, in their order} */
    public List<String> names() {
        return List.copyOf(changes.keySet());
    }

    /**
     * A plan.
     *
     * @param candidates the preset first, then with each change, then with several
     * @param notes which changes mean nothing to the preset, and why: sentences
     */
    public record Plan(List<Candidate> candidates, List<String> notes) {
        /**
         * {@return the layout of its table, with each change's gain}
         *
         * @param title of the study
         */
        public Study.Layout layout(String title) {
            return Study.againstTheFirst(title, candidates);
        }
    }

    /**
     * Plans an ablation.
     *
     * @param preset that is changed
     * @param given settings that win over the preset's
     * @param chosen changes by their names; empty for all that mean something to the preset
     * @param together lists of changes that are made at once, each a line
     * @param seeds of each
     * @return the plan
     * @throws UsageException if there is no such preset or change, or a chosen one means nothing to the preset
     */
    public Plan plan(String preset, Settings given, List<String> chosen, List<List<String>> together, int seeds) {
        String named = new Presets().named(preset);
        List<Candidate> candidates = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        candidates.add(candidate(PLAIN, named, given, seeds));
        for (Change change : chosen(chosen)) {
            String why = whyNot(change, named, given, seeds, candidates);
            if (why == null) {
                continue;
            }
            if (!chosen.isEmpty()) {
                throw new UsageException("The change " + change.name() + " cannot be made to " + named + ": " + why);
            }
            notes.add("Without " + change.name() + ": " + why);
        }
        for (List<String> several : together) {
            Settings all = new Settings().setAll(given);
            chosen(several).forEach(change -> all.setAll(change.file().settings()));
            candidates.add(candidate(String.join(" + ", several), named, all, seeds));
        }
        return new Plan(candidates, notes);
    }

    /** Adds a change's candidate; returns why it is none, or null. */
    private static @Nullable String whyNot(
            Change change, String preset, Settings given, int seeds, List<Candidate> candidates) {
        try {
            Candidate candidate = candidate(change.name(), preset, change.over(given), seeds);
            String why = change.whyNone(candidate.trials().get(0).settings());
            if (why == null) {
                candidates.add(candidate);
                return null;
            }
            return why + ".";
        } catch (UsageException e) {
            String said = String.valueOf(e.getMessage());
            String title = title(preset, change.name()) + ": ";
            return said.startsWith(title) ? said.substring(title.length()) : said;
        }
    }

    private List<Change> chosen(List<String> names) {
        List<Change> chosen = new ArrayList<>();
        for (String name : names) {
            String listed = Words.same(name, names()).orElseThrow(() -> UsageException.unknown(CHANGE, name, names()));
            Change change = Objects.requireNonNull(changes.get(listed));
            if (chosen.contains(change)) {
                throw new UsageException("The change " + listed + " is named twice.");
            }
            chosen.add(change);
        }
        return names.isEmpty() ? List.copyOf(changes.values()) : chosen;
    }

    /** Returns a line; the paper's figure is of another training. */
    private static Candidate candidate(String change, String preset, Settings given, int seeds) {
        Experiment experiment = Experiment.of(given, null, preset);
        List<String> rules = Arrays.asList(experiment.settings().text(Key.RULE).split(","));
        if (rules.size() > 1 && !given.isSet(Key.RULE)) { // the quickstart shows several; its own is the first
            experiment = Experiment.of(new Settings().setAll(given).set(Key.RULE, rules.get(0)), null, preset);
        }
        Candidate planned = Candidate.of(Map.of(CHANGE, change), title(preset, change), experiment, seeds);
        return new Candidate(planned.labels(), null, planned.trials(), planned.notes());
    }

    private static String title(String preset, String change) {
        return change.equals(PLAIN) ? preset : preset + ", " + change;
    }
}
