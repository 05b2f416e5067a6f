package io.github.kib4j.cli;

import io.github.kib4j.experiment.Experiment;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.UsageException;
import java.nio.file.Path;
import java.util.List;
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
        spec.addOption(Parts.option(
                CONFIG, Path.class, "FILE.toml", "settings from a file; they win over a preset's, options over both"));
        addOptions(spec, List.of(Key.values()));
    }

    /** Adds an option for each of these settings. */
    static void addOptions(CommandSpec spec, List<Key> keys) {
        keys.forEach(key -> spec.addOption(option(key)));
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

    /** Returns the experiment that options describe. */
    static Experiment experiment(ParseResult parsed) {
        return Experiment.of(
                given(parsed, List.of(Key.values())),
                parsed.matchedOptionValue(CONFIG, null),
                parsed.matchedOptionValue(PRESET, null));
    }

    /** Returns what options give beside the folder of a run, which has its own settings. */
    static Settings alone(ParseResult parsed) {
        for (String option : STARTS) {
            if (parsed.hasMatchedOption(option)) {
                throw new UsageException(
                        option + " is for new runs; a resumed one has its own settings: leave it out.");
            }
        }
        return given(parsed, List.of(Key.values()));
    }

    /** Returns the settings that options give. */
    static Settings given(ParseResult parsed, List<Key> keys) {
        Settings given = new Settings();
        for (Key key : keys) {
            Object value = parsed.matchedOptionValue("--" + key.title(), null);
            if (value != null) {
                given.set(key, value.toString());
            }
        }
        if (given.isSet(Key.DATA)) {
            if (given.text(Key.DATA).isEmpty()) {
                throw new UsageException("--data must name a folder or archive, but is empty.");
            }
            Path data = RunPlan.data(given.text(Key.DATA));
            given.set(Key.DATA, data.toAbsolutePath().toString());
        }
        return given;
    }
}
