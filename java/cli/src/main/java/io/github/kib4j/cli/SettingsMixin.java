package io.github.kib4j.cli;

import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.datasets.Recognised;
import io.github.kib4j.experiment.Effects;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.UsageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options of commands that train or describe a training: one for each {@link Key}, a preset, a configuration file. */
final class SettingsMixin {
    static final String PRESET = "--preset";
    private static final String CONFIG = "--config";
    /** The options that name settings to start from. */
    static final List<String> STARTS = List.of(PRESET, CONFIG);

    private SettingsMixin() {}

    static void addOptions(CommandSpec spec) {
        spec.addOption(OptionSpec.builder(PRESET)
                .type(String.class)
                .paramLabel("NAME")
                .completionCandidates(() -> new Presets().names().iterator())
                .description("named settings; 'kib presets' lists them")
                .build());
        spec.addOption(OptionSpec.builder(CONFIG)
                .type(Path.class)
                .paramLabel("FILE.toml")
                .description("settings from a file; they win over a preset's, options over both")
                .build());
        for (Key key : Key.values()) {
            spec.addOption(option(key));
        }
    }

    /**
     * Returns a setting's option. Its label is its own name, though help shows another: picocli's completion takes options of
     * one label for one option.
     */
    private static OptionSpec option(Key key) {
        OptionSpec.Builder option = OptionSpec.builder("--" + key.title())
                .type(key == Key.DATA ? Path.class : String.class)
                .paramLabel(key.name())
                .description(key.help());
        if (key.type() == Key.Type.CHOICE) {
            option.completionCandidates(() -> key.choices().iterator());
        }
        if (key.type() == Key.Type.FLAG) {
            option.arity("0..1").fallbackValue("true").completionCandidates(List.of("true", "false"));
        }
        return option.build();
    }

    /**
     * Merged settings.
     *
     * @param given by options alone
     * @param preset the preset's name; null where none was named and settings were given otherwise
     * @param notes what was decided for the user, and what was given without effect: sentences to be said
     * @param shaped whether options or a file say after which convolutions images are pooled
     */
    record Merged(
            Settings settings, Settings given, @Nullable String preset, List<String> notes, boolean shaped) {}

    /** Merges options over the configuration file over the preset over defaults. */
    static Merged merge(ParseResult parsed) {
        Settings given = given(parsed);
        Path file = parsed.matchedOptionValue(CONFIG, null);
        Settings.FromFile config = file == null ? Settings.FromFile.NONE : Settings.read(file);
        Optional<Recognised> recognised = parsed.hasMatchedOption("--resume") || parsed.hasMatchedPositional(0)
                ? Optional.empty()
                : recognised(parsed, config, given);
        recognised.ifPresent(data -> given.set(Key.DATASET, data.dataset())
                .set(Key.DATA, data.place().toAbsolutePath().toString()));
        String preset = preset(parsed, config, given);
        Settings base = preset == null ? new Settings() : new Presets().get(preset);
        Settings merged = new Settings().setAll(base).setAll(config.settings());
        recognised.ifPresent(data -> merged.set(Key.DATASET, data.dataset()));
        requireMeaning(config, merged);
        merged.setAll(given);
        requireMeaning(given, merged);
        List<String> notes = new ArrayList<>();
        recognised.ifPresent(data -> notes.add(data.toString()));
        if (!given.isSet(Key.MILESTONES) && !config.settings().isSet(Key.MILESTONES)) {
            scaleMilestones(preset, base, merged).ifPresent(notes::add);
        }
        notes.addAll(withoutEffect(given, config, merged));
        resolve(merged);
        boolean shaped = given.isSet(Key.POOL_AFTER) || config.settings().isSet(Key.POOL_AFTER);
        return new Merged(merged, given, preset, List.copyOf(notes), shaped);
    }

    /** Returns what options give beside {@code --resume}: it is compared with the run's own settings, and stands alone. */
    static Merged alone(ParseResult parsed) {
        for (String option : List.of(PRESET, CONFIG)) {
            if (parsed.hasMatchedOption(option)) {
                throw new UsageException(
                        option + " is for new runs; a resumed one has its own settings: leave it out.");
            }
        }
        Settings given = given(parsed);
        return new Merged(given, given, null, List.of(), true);
    }

    /** Returns the settings that options give. */
    private static Settings given(ParseResult parsed) {
        Settings given = new Settings();
        for (Key key : Key.values()) {
            Object value = parsed.matchedOptionValue("--" + key.title(), null);
            if (value != null) {
                given.set(key, value.toString());
            }
        }
        if (given.isSet(Key.DATA) && given.text(Key.DATA).isEmpty()) {
            throw new UsageException("--data must name a folder or archive, but is empty.");
        }
        if (given.isSet(Key.DATA)) {
            given.set(
                    Key.DATA,
                    RunPlan.data(given.text(Key.DATA)).toAbsolutePath().toString());
        }
        return given;
    }

    /** Returns what lies where data are said to lie, if nothing says which data set it is. */
    private static Optional<Recognised> recognised(ParseResult parsed, Settings.FromFile config, Settings given) {
        String place =
                given.isSet(Key.DATA) ? given.text(Key.DATA) : config.settings().text(Key.DATA);
        boolean named = given.isSet(Key.DATASET) || config.settings().isSet(Key.DATASET);
        if (named || place.isEmpty() || parsed.matchedOptionValue(PRESET, config.preset()) != null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Datasets.recognise(RunPlan.data(place)));
        } catch (DatasetException e) {
            throw new DatasetException(e.getMessage() + " --dataset NAME says which data set it is.", e);
        }
    }

    private static @Nullable String preset(ParseResult parsed, Settings.FromFile config, Settings given) {
        String named = parsed.matchedOptionValue(PRESET, config.preset());
        boolean nothing = config == Settings.FromFile.NONE && !given.isSet(Key.DATASET) && !given.isSet(Key.MODEL);
        return named != null ? new Presets().named(named) : nothing ? Presets.QUICKSTART : null;
    }

    /** Refuses settings of a file that mean nothing beside its others; a run's record may hold defaults of all kinds. */
    private static void requireMeaning(Settings.FromFile config, Settings merged) {
        Effects effects = new Effects(merged);
        config.places().forEach((key, place) -> {
            String nothing = effects.contradiction(key);
            boolean recorded = config.record() && config.settings().text(key).equals(key.fallback());
            if (nothing != null && !config.settings().text(key).isEmpty() && !recorded) {
                throw new UsageException(place + ": '" + key.title() + "' means nothing to " + nothing + ".");
            }
        });
    }

    /** Refuses options that mean nothing beside the other settings. */
    private static void requireMeaning(Settings given, Settings merged) {
        Effects effects = new Effects(merged);
        for (Key key : Key.values()) {
            String nothing = given.isSet(key) ? effects.contradiction(key) : null;
            if (nothing != null) {
                throw new UsageException("--" + key.title() + " means nothing to " + nothing + ".");
            }
        }
    }

    /** Returns a note for each setting that was given and has no effect. */
    private static List<String> withoutEffect(Settings given, Settings.FromFile config, Settings merged) {
        Effects effects = new Effects(merged);
        List<String> notes = new ArrayList<>();
        for (Key key : Key.values()) {
            boolean filed = !config.record() && config.settings().isSet(key);
            String why = given.isSet(key) || filed ? effects.whyNone(key) : null;
            if (why != null) {
                String what = given.isSet(key) ? "--" + key.title() : "'" + key.title() + "' of the configuration file";
                notes.add("Note: " + what + " has no effect: " + why + ".");
            }
        }
        return notes;
    }

    /** Scales a preset's milestones to another number of epochs; returns what is to be said of it. */
    private static Optional<String> scaleMilestones(@Nullable String preset, Settings base, Settings merged) {
        boolean same = merged.text(Key.EPOCHS).equals(base.text(Key.EPOCHS));
        boolean scheduled = merged.text(Key.SCHEDULE).equals(base.text(Key.SCHEDULE));
        if (preset == null || same || !scheduled || base.text(Key.MILESTONES).isEmpty()) {
            return Optional.empty();
        }
        String scaled = scaledMilestones(base, merged.integer(Key.EPOCHS));
        merged.set(Key.MILESTONES, scaled);
        return Optional.of("Milestones of the preset scaled from " + base.text(Key.MILESTONES) + " of "
                + base.text(Key.EPOCHS) + " epochs to " + (scaled.isEmpty() ? "none" : scaled) + " of "
                + merged.text(Key.EPOCHS) + ".");
    }

    /**
     * Writes down the defaults that depend on other settings, so that a run's configuration file is complete, and where the
     * data lie as it is understood from any folder.
     */
    private static void resolve(Settings merged) {
        place(merged)
                .ifPresent(place -> merged.set(Key.DATA, place.toAbsolutePath().toString()));
        if (!merged.isSet(Key.CENTRE_CODES)) {
            merged.set(Key.CENTRE_CODES, Boolean.toString(merged.integer(Key.GROUPS) > 0));
        }
        if (!merged.isSet(Key.POWER)) {
            merged.set(Key.POWER, Double.toString(merged.flag(Key.DIVISIVE_NORM) ? 1 - divisivePower(merged) : 0.5));
        }
    }

    /** Returns where the data lie, if that is named, or found in a folder below this one. */
    private static Optional<Path> place(Settings merged) {
        if (merged.isSet(Key.DATA) && !merged.text(Key.DATA).isEmpty()) {
            return Optional.of(RunPlan.data(merged.text(Key.DATA)));
        }
        String dataset = merged.text(Key.DATASET);
        return Datasets.published().contains(dataset)
                ? Datasets.find(dataset).filter(found -> !found.isAbsolute())
                : Optional.empty();
    }

    private static double divisivePower(Settings merged) {
        double q = merged.number(Key.DIVISIVE_POWER);
        if (q >= 1) {
            throw new UsageException("--power must be given where --divisive-power is 1 or more (" + q
                    + "), since 1 - q would not be positive.");
        }
        return q;
    }

    private static String scaledMilestones(Settings base, int epochs) {
        double factor = (double) epochs / base.integer(Key.EPOCHS);
        return base.integers(Key.MILESTONES).stream()
                .map(m -> Math.round(m * factor))
                .filter(m -> m >= 1)
                .map(String::valueOf)
                .collect(java.util.stream.Collectors.joining(","));
    }
}
