package io.github.kib4j.experiment.report;

import java.util.List;

/** How rules look: each has a colour of its own, in every report the same. */
final class Rules {
    private static final List<String> COLOURED = List.of(
            "phsic",
            "hsic",
            "hebbian-pairs",
            "layerwise",
            "layerwise-feedback-alignment",
            "readout",
            "backprop",
            "feedback-alignment",
            "sign-symmetry");

    private Rules() {}

    /** Returns the class of the style sheet that has a rule's colour. */
    static String colour(String rule) {
        return "rule-" + (COLOURED.contains(rule) ? rule : "other");
    }

    /** Returns a run's name beside a dot of its rule's colour. */
    static Markup name(Shown one) {
        return Markup.of("<span class=\"run {}\">{}</span>", colour(one.run().rule()), one.label());
    }
}
