package io.github.kib4j.experiment.report;

import io.github.kib4j.experiment.Key;
import java.util.List;
import java.util.stream.IntStream;

/** How rules look: each has a colour of its own, in every report of several the same. */
final class Rules {
    private static final List<String> COLOURED = Key.RULE.choices();

    private Rules() {}

    /** Returns the class of the style sheet that has a rule's colour. */
    static String colour(String rule) {
        return "rule-" + (COLOURED.contains(rule) ? rule : "other");
    }

    /** Returns the runs' colours: those of their rules, or where all have one rule, one after the other. */
    static List<String> colours(List<ReportedRun> runs) {
        List<String> rules = runs.stream().map(ReportedRun::rule).toList();
        if (rules.stream().distinct().count() > 1) {
            return rules.stream().map(Rules::colour).toList();
        }
        int first = rules.isEmpty() ? 0 : Math.max(0, COLOURED.indexOf(rules.get(0)));
        return IntStream.range(0, rules.size())
                .mapToObj(i -> i == 0 ? colour(rules.get(0)) : colour(COLOURED.get((first + i) % COLOURED.size())))
                .toList();
    }

    /** Returns a run's name beside a dot of its colour. */
    static Markup name(Shown one) {
        return Markup.of("<span class=\"run {}\">{}</span>", one.colour(), one.label());
    }
}
