package io.github.kib4j.cli;

import io.github.kib4j.experiment.Key;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.TextTable;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Lays out help in 80 columns: options under headings, examples, exit codes. */
final class HelpScreen {
    private static final int WIDTH = 80;
    /** Holds {@code --divisive-norm[=true|false]}. */
    private static final int NAMES = 32;

    private static final String SETTINGS = "Settings to start from";
    private static final String EXPERIMENT = "Experiment";
    private static final String GENERAL = "Help";
    private static final String PLAIN = "Options";

    private HelpScreen() {}

    /**
     * Completes a command's help.
     *
     * @param synopsis what follows the command's name
     * @param examples command lines, each with a comment or without
     */
    static CommandSpec of(CommandSpec spec, String synopsis, String... examples) {
        UsageMessageSpec usage = spec.usageMessage();
        usage.width(WIDTH).customSynopsis((qualified(spec) + " " + synopsis).strip());
        usage.descriptionHeading("%n").commandListHeading("%nCommands:%n");
        usage.sectionMap().put(UsageMessageSpec.SECTION_KEY_PARAMETER_LIST, help -> "");
        usage.sectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, HelpScreen::arguments);
        usage.footerHeading("%nExamples:%n")
                .footer(Stream.of(examples)
                        .map(line -> "  " + line.replace("%", "%%"))
                        .toArray(String[]::new));
        usage.exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(exitCodes(List.of("train", "experiment", "sweep").contains(spec.name())));
        return spec;
    }

    private static String qualified(CommandSpec spec) {
        return spec.name().equals("kib") ? "kib" : "kib " + spec.name();
    }

    private static Map<String, String> exitCodes(boolean stoppable) {
        Map<String, String> codes = new LinkedHashMap<>();
        codes.put("0", "done");
        codes.put("1", "failed; one sentence says why");
        codes.put("2", "asked for what does not exist or fit; nothing was written");
        codes.put("70", "a bug in kib4j; what was saved before stands");
        if (stoppable) {
            codes.put("130", "stopped by Ctrl-C, saved; also 129 (SIGHUP) and 143 (SIGTERM)");
        }
        return codes;
    }

    /** Returns a command's arguments and options, as its help shows them. */
    private static String arguments(Help help) {
        StringBuilder text = new StringBuilder();
        section("Arguments", help.commandSpec().positionalParameters(), ArgSpec::paramLabel, help, text);
        sections(help.commandSpec())
                .forEach((title, options) -> section(title, options, HelpScreen::written, help, text));
        return text.toString();
    }

    /** Returns options by heading: the settings' groups, and one for what is no setting. */
    private static Map<String, List<OptionSpec>> sections(CommandSpec spec) {
        boolean grouped = spec.findOption("--" + Key.EPOCHS.title()) != null;
        String own = spec.name().equals("experiment") ? EXPERIMENT : Key.Group.RUN.title();
        List<String> titles = new ArrayList<>(List.of(SETTINGS, EXPERIMENT));
        for (Key.Group group : Key.Group.values()) {
            titles.add(group.title());
        }
        titles.addAll(List.of(PLAIN, GENERAL));
        Map<String, List<OptionSpec>> sections = new LinkedHashMap<>();
        titles.forEach(title -> sections.put(title, new ArrayList<>()));
        for (OptionSpec option : spec.options()) {
            String title = option.usageHelp() || option.versionHelp() ? GENERAL : grouped ? title(option, own) : PLAIN;
            sections.getOrDefault(title, new ArrayList<>()).add(option);
        }
        return sections;
    }

    /** Returns an option's heading; what is no setting has the command's own. */
    private static String title(OptionSpec option, String own) {
        String name = option.longestName();
        if (SettingsMixin.STARTS.contains(name)) {
            return SETTINGS;
        }
        return Key.named(name.substring(2)).map(key -> key.group().title()).orElse(own);
    }

    private static String written(OptionSpec option) {
        boolean optional = option.arity().min() == 0 && option.arity().max() > 0;
        String label = Key.named(option.longestName().substring(2))
                .map(key -> key.type().label())
                .orElse(option.paramLabel());
        String value = option.arity().max() == 0 ? "" : "=" + label;
        return String.join(", ", option.names()) + (optional ? "[" + value + "]" : value);
    }

    private static <A extends ArgSpec> void section(
            String title, List<A> arguments, Function<A, String> name, Help help, StringBuilder text) {
        if (arguments.isEmpty()) {
            return;
        }
        TextTable table = TextTable.forColumns(
                help.colorScheme(),
                new Column(NAMES, 2, Column.Overflow.SPAN),
                new Column(WIDTH - NAMES, 0, Column.Overflow.WRAP));
        table.indentWrappedLines = 0;
        arguments.forEach(a -> table.addRowValues(name.apply(a), String.join(" ", a.description())));
        text.append(String.format("%n%s:%n", title)).append(table);
    }
}
