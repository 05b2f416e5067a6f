package io.github.kib4j.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options of commands that train or describe a training: one for each {@link Key}, a preset, a configuration file. */
final class SettingsMixin {
    private static final String PRESET = "--preset";
    private static final String CONFIG = "--config";

    private SettingsMixin() {}

    static void addOptions(CommandSpec spec) {
        spec.addOption(OptionSpec.builder(PRESET)
                .type(String.class)
                .paramLabel("NAME")
                .description("named settings; 'kib presets' lists them")
                .build());
        spec.addOption(OptionSpec.builder(CONFIG)
                .type(Path.class)
                .paramLabel("FILE.toml")
                .description("settings from a file")
                .build());
        for (Key key : Key.values()) {
            OptionSpec.Builder option = OptionSpec.builder("--" + key.title())
                    .type(String.class)
                    .paramLabel(key.type().label())
                    .description(key.help() + (key.fallback().isEmpty() ? "" : " (default " + key.fallback() + ")"));
            if (key.type() == Key.Type.FLAG) {
                option.arity("0..1").fallbackValue("true");
            }
            spec.addOption(option.build());
        }
    }

    /**
     * Merged settings.
     *
     * @param given by options alone
     * @param preset the preset's name; null where none was named and settings were given otherwise
     * @param note what was decided for the user, to be said; null for nothing
     */
    record Merged(
            Settings settings,
            Settings given,
            @Nullable String preset,
            @Nullable String note) {}

    /** Merges options over the configuration file over the preset over defaults. */
    static Merged merge(ParseResult parsed) {
        Settings given = new Settings();
        Map<Key, String> options = new LinkedHashMap<>();
        for (Key key : Key.values()) {
            String value = parsed.matchedOptionValue("--" + key.title(), null);
            if (value != null) {
                options.put(key, value);
            }
        }
        options.forEach(given::set);
        if (given.isSet(Key.DATA) && given.text(Key.DATA).isEmpty()) {
            throw new UsageException("--data must name a folder or archive, but is empty.");
        }
        Path file = parsed.matchedOptionValue(CONFIG, null);
        Settings.FromFile config = file == null ? new Settings.FromFile(new Settings(), null) : Settings.read(file);
        String named = parsed.matchedOptionValue(PRESET, null);
        String preset = named != null ? named : config.preset();
        if (preset == null && file == null && !given.isSet(Key.DATASET) && !given.isSet(Key.MODEL)) {
            preset = Presets.QUICKSTART;
        }
        Settings base = preset == null ? new Settings() : new Presets().get(preset);
        Settings merged = new Settings().setAll(base).setAll(config.settings()).setAll(given);
        boolean epochsChanged =
                merged.isSet(Key.EPOCHS) && !merged.text(Key.EPOCHS).equals(base.text(Key.EPOCHS));
        boolean milestonesGiven =
                given.isSet(Key.MILESTONES) || config.settings().isSet(Key.MILESTONES);
        String note = null;
        if (preset != null
                && epochsChanged
                && !milestonesGiven
                && !base.text(Key.MILESTONES).isEmpty()) {
            String scaled = scaledMilestones(base, merged.integer(Key.EPOCHS));
            merged.set(Key.MILESTONES, scaled);
            note = "Milestones of the preset scaled from " + base.text(Key.MILESTONES) + " of " + base.text(Key.EPOCHS)
                    + " epochs to " + (scaled.isEmpty() ? "none" : scaled) + " of " + merged.text(Key.EPOCHS) + ".";
        }
        requireUsed(given, merged);
        resolve(merged);
        return new Merged(merged, given, preset, note);
    }

    /** Refuses options that only networks of the other kind use. */
    private static void requireUsed(Settings given, Settings merged) {
        String model = merged.text(Key.MODEL).toLowerCase(Locale.ROOT);
        List<Key> unused = model.equals("mlp")
                ? List.of(Key.CHANNELS, Key.POOL_AFTER, Key.LINEAR)
                : model.equals("vgg") ? List.of(Key.LAYERS) : List.of();
        unused.stream().filter(given::isSet).findFirst().ifPresent(key -> {
            throw new UsageException("--" + key.title() + " means nothing to the model " + model + "; add --model "
                    + (model.equals("mlp") ? "vgg" : "mlp") + ", or leave it out.");
        });
    }

    /** Writes down the defaults that depend on other settings, so that a run's configuration file is complete. */
    private static void resolve(Settings merged) {
        if (!merged.isSet(Key.CENTRE_CODES)) {
            merged.set(Key.CENTRE_CODES, Boolean.toString(merged.integer(Key.GROUPS) > 0));
        }
        if (!merged.isSet(Key.POWER)) {
            merged.set(Key.POWER, Double.toString(merged.flag(Key.DIVISIVE_NORM) ? 1 - divisivePower(merged) : 0.5));
        }
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
