package io.github.kib4j.train;

/** Told of each training step. */
@FunctionalInterface
public interface StepListener {
    /** Listens to nothing and goes on. */
    StepListener NONE = (epoch, step, steps) -> true;

    /**
     * Called after each step.
     *
     * @param epoch from 1
     * @param step of the epoch, from 1
     * @param steps of the epoch
     * @return whether to go on; false stops training after this step
     */
    boolean onStep(int epoch, int step, int steps);
}
