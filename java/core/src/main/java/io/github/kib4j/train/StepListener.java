package io.github.kib4j.train;

/** Told of each training step, and, where it wants, of losses on the way. */
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

    /** {@return after how many steps losses are to be told; 0 for never} The device is waited for each time. */
    default int lossesEvery() {
        return 0;
    }

    /**
     * Called every so many steps, before {@link #onStep}.
     *
     * @param losses since they were told before, or since the epoch began or went on
     */
    default void onLosses(StepLosses losses) {}
}
