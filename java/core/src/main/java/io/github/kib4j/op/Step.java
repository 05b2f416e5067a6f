package io.github.kib4j.op;

import java.util.Locale;

/**
 * A step of a program.
 *
 * @param operation what is computed
 * @param phase what its time counts as
 * @param lane the queue that it runs on
 * @param part the part of the network that it is for, {@link #layer} or {@link #READOUT}; empty for what is for all of it
 */
public record Step(Operation operation, Phase phase, Lane lane, String part) {
    /** The part that is the readout. */
    public static final String READOUT = "readout";

    /**
     * {@return the part that is a hidden layer: {@code layer 2}}
     *
     * @param index its number, from 0
     */
    public static String layer(int index) {
        return "layer " + (index + 1);
    }

    /**
     * {@return a step of the main lane, for all of the network}
     *
     * @param phase what its time counts as
     * @param operation what is computed
     */
    public static Step main(Phase phase, Operation operation) {
        return main(phase, operation, "");
    }

    /**
     * {@return a step of the main lane}
     *
     * @param phase what its time counts as
     * @param operation what is computed
     * @param part the part of the network that it is for
     */
    public static Step main(Phase phase, Operation operation, String part) {
        return new Step(operation, phase, Lane.MAIN, part);
    }

    /** {@return what it is for, in a few words, as profilers show it: {@code layer 2 forward}} */
    public String title() {
        String word = phase.name().toLowerCase(Locale.ROOT);
        return part.isEmpty() ? word : part + " " + word;
    }
}
