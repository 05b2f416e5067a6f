package io.github.kib4j.checkpoint;

import java.util.List;

/** Names of classes in sentences. */
final class ClassNames {
    /** Names that a sentence lists; of more, those from the first difference on. */
    private static final int MOST = 12;

    private static final int FEW = 5;

    private ClassNames() {}

    /** Returns "the classes [a, b]", or of many those from the first on that differs from others. */
    static String say(List<String> names, List<String> others) {
        if (names.size() <= MOST) {
            return "the classes [" + String.join(", ", names) + "]";
        }
        int from = 0;
        while (from < Math.min(names.size() - FEW, others.size())
                && names.get(from).equals(others.get(from))) {
            from++;
        }
        List<String> few = names.subList(from, Math.min(from + FEW, names.size()));
        return names.size() + " classes, with [" + String.join(", ", few) + "] as labels " + from + " to "
                + (from + few.size() - 1);
    }
}
