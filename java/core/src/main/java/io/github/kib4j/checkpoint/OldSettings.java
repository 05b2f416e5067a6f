package io.github.kib4j.checkpoint;

import io.github.kib4j.op.Signature;
import java.util.List;

/** Settings as formats 2 and 3 said them: the texts of Java's records. They had network, rule, batch and seed, no others. */
final class OldSettings {
    /** Between members of a record; commas of a record in it are followed by its end. */
    private static final String BETWEEN = ", (?![^\\[]*])";

    private OldSettings() {}

    /** Returns the settings by the keys that they have now. */
    static Signature read(List<String> network, String rule, long batch, long seed) {
        int depth = network.size() - 2;
        if (depth < 1) {
            throw new IllegalArgumentException("it has a network of no layers");
        }
        Signature settings = Signature.EMPTY
                .with("batch", batch)
                .with("seed", seed)
                .with("network.depth", depth)
                .with("network.input", network.get(0).replaceFirst("^input ", ""))
                .with("network.outputs", network.get(depth + 1).replaceFirst("^outputs ", ""));
        for (int i = 1; i <= depth; i++) {
            settings = settings.with("network.hidden." + i, record(network.get(i), 2));
        }
        int space = rule.indexOf(' ');
        return space < 0
                ? settings.with("rule", rule)
                : settings.with("rule", rule.substring(0, space))
                        .with("rule.objective", record(rule.substring(space + 1), 2));
    }

    /** Reads {@code Name[key=value, key=value]}, where values may be records of a depth one less. */
    private static Signature record(String text, int depth) {
        int open = text.indexOf('[');
        if (depth == 0 || open < 0 || !text.endsWith("]")) {
            return text.equals("null") ? Signature.EMPTY : Signature.of(text);
        }
        Signature settings = Signature.EMPTY;
        for (String member : text.substring(open + 1, text.length() - 1).split(BETWEEN, -1)) {
            int equals = member.indexOf('=');
            String key = member.substring(0, Math.max(equals, 0));
            settings = settings.with(key, record(member.substring(equals + 1), depth - 1));
        }
        return settings;
    }
}
