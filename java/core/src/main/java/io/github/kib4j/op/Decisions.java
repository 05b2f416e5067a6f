package io.github.kib4j.op;

import java.util.List;
import java.util.Optional;

/**
 * What a device has decided by itself, where it had several ways to compute the same: results may differ by it in their last digits.
 *
 * @param made each decision, in order
 * @param problem what prevents later runs from deciding alike, in one sentence; empty if nothing does
 */
public record Decisions(List<Decision> made, Optional<String> problem) {
    /** None. */
    public static final Decisions NONE = new Decisions(List.of(), Optional.empty());

    /**
     * One of them.
     *
     * @param task what is computed
     * @param family the kind of way that was taken, in a word
     * @param way that was taken
     * @param grounds what it was taken for
     */
    public record Decision(String task, String family, String way, String grounds) {
        /** Returns it in one line. */
        @Override
        public String toString() {
            return task + ": " + way + ", " + grounds;
        }
    }
}
