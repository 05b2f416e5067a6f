package io.github.kib4j.cli;

import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.UnmatchedArgumentException;

/** What may have been meant by a word of the command line that nothing is named by. */
final class Suggestions {
    private final CommandLine line;
    private final String word;

    Suggestions(UnmatchedArgumentException e) {
        line = e.getCommandLine();
        word = e.getUnmatched().get(0);
    }

    /** Returns the sentence: what is not known, what is near it, where all are listed. */
    String sentence() {
        boolean first = line.getCommandName().equals("kib");
        String command = first ? "" : line.getCommandName();
        String all = " '" + Invocation.of(command, "--help") + "' lists all.";
        if (word.startsWith("-")) {
            String option = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
            return "There is no option '" + option + "'" + question(bare(option), options(), ";") + all;
        }
        if (first) {
            return "There is no command '" + word + "'"
                    + Words.didYouMean(word, line.getSubcommands().keySet(), ";") + all;
        }
        return "'" + word + "' means nothing to 'kib " + command + "'" + question(word, meanings(), ";") + all;
    }

    private static String bare(String option) {
        return option.replaceFirst("^-+", "");
    }

    private static String question(String name, Map<String, String> meanings, String otherwise) {
        List<String> near =
                Words.same(name, meanings.keySet()).map(List::of).orElseGet(() -> Words.near(name, meanings.keySet()));
        List<String> meant = near.stream().map(meanings::get).distinct().toList();
        return meant.isEmpty() ? otherwise : "; did you mean " + Words.or(meant) + "?";
    }

    /** Returns the options by their names without hyphens before them; before a command, those that belong after one. */
    private Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        List<CommandSpec> specs = new ArrayList<>(List.of(line.getCommandSpec()));
        line.getSubcommands().values().forEach(sub -> specs.add(sub.getCommandSpec()));
        if (line.getParent() != null) {
            line.getParent()
                    .getCommandSpec()
                    .options()
                    .forEach(option -> Arrays.stream(option.names())
                            .forEach(name -> options.putIfAbsent(bare(name), "kib " + name)));
        }
        for (CommandSpec spec : specs) {
            String before = spec == line.getCommandSpec() ? "" : "kib " + spec.name() + " ";
            for (OptionSpec option : spec.options()) {
                for (String name : option.names()) {
                    options.putIfAbsent(bare(name), before + name);
                }
            }
        }
        return options;
    }

    /** Returns what a word without an option before it may stand for: a preset, a choice, an option's name. */
    private Map<String, String> meanings() {
        Map<String, String> meanings = new LinkedHashMap<>(options());
        if (line.getCommandSpec().findOption(SettingsMixin.PRESET) != null) {
            for (Key key : Key.values()) {
                key.choices().forEach(name -> meanings.putIfAbsent(name, "--" + key.title() + " " + name));
            }
            new Presets().names().forEach(name -> meanings.putIfAbsent(name, SettingsMixin.PRESET + " " + name));
        }
        return meanings;
    }
}
