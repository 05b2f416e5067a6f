package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a comparison of rules says, in one line, computed from its figures. */
final class Reading {
    /** Points of test accuracy below which two rules count as alike. */
    private static final double ALIKE = 1;

    private Reading() {}

    /** Returns the reading of a local rule beside the readout alone and backprop; empty where one of them is missing. */
    static Optional<String> of(Map<String, ObjectNode> results) {
        String local = results.containsKey("phsic") ? "phsic" : "hsic";
        if (!results.containsKey(local) || !results.containsKey("readout") || !results.containsKey("backprop")) {
            return Optional.empty();
        }
        double ours = accuracy(results, local);
        double readout = accuracy(results, "readout");
        double backprop = accuracy(results, "backprop");
        double gain = ours - readout;
        String learned = gain > ALIKE
                ? String.format(
                        Locale.ROOT,
                        "Without backprop, %s taught the hidden layers %.1f points beyond a readout of random ones",
                        local,
                        gain)
                : String.format(
                        Locale.ROOT,
                        "Here %s did not help: it is %.1f points from a readout of random hidden layers",
                        local,
                        gain);
        String compared = Math.abs(backprop - ours) <= ALIKE
                ? "it is level with backprop"
                : String.format(
                        Locale.ROOT,
                        "backprop is %.1f points %s",
                        Math.abs(backprop - ours),
                        backprop > ours ? "ahead" : "behind");
        return Optional.of(learned + "; " + compared + ".");
    }

    private static double accuracy(Map<String, ObjectNode> results, String rule) {
        ObjectNode result = results.get(rule);
        return result == null ? Double.NaN : result.get("test_accuracy").asDouble();
    }
}
