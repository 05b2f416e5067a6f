package io.github.kib4j.train;

import io.github.kib4j.tensor.KibFailure;

/**
 * A loss or a weight became infinite or not a number. The weights were last updated in the step before; no checkpoint is
 * written.
 */
public final class TrainingDivergedException extends RuntimeException implements KibFailure {
    private static final long serialVersionUID = 1L;
    private static final String REMEDY = "; lower the learning rate. The last checkpoint stands.";

    /** The training step after which or in which it was found, from 1. */
    private final long step;

    /** What is not finite. */
    private final String place;

    private TrainingDivergedException(long step, String place, String message) {
        super(message + REMEDY);
        this.step = step;
        this.place = place;
    }

    /** {@return the training step after which or in which it was found, from 1} */
    public long step() {
        return step;
    }

    /** {@return what is not finite: {@code hidden layer 2}, {@code the readout}, a parameter's name, {@code the test images}} */
    public String place() {
        return place;
    }

    /**
     * Returns the exception for a loss.
     *
     * @param step from 1
     * @param place of the loss, {@code hidden layer 2} or {@code the readout}
     * @param loss infinite or not a number
     */
    static TrainingDivergedException loss(long step, String place, double loss) {
        return new TrainingDivergedException(
                step,
                place,
                "The loss of " + place + " is not finite (" + loss + ") in training step " + step
                        + ", where training stopped");
    }

    /** Returns the exception for weights after a step. */
    static TrainingDivergedException weights(long step, String name) {
        return new TrainingDivergedException(
                step,
                name,
                "The parameter " + name + " is not finite after training step " + step + ", so nothing was saved");
    }

    /** Returns the exception for an evaluation after a step. */
    static TrainingDivergedException evaluation(long step, double loss) {
        return new TrainingDivergedException(
                step,
                "the test images",
                "The loss on the test images is not finite (" + loss + ") after training step " + step);
    }
}
