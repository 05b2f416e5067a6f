package io.github.kib4j.op;

/**
 * A step of a program.
 *
 * @param operation what is computed
 * @param phase what its time counts as
 * @param lane the queue that it runs on
 */
public record Step(Operation operation, Phase phase, Lane lane) {
    /**
     * {@return a step of the main lane}
     *
     * @param phase what its time counts as
     * @param operation what is computed
     */
    public static Step main(Phase phase, Operation operation) {
        return new Step(operation, phase, Lane.MAIN);
    }
}
