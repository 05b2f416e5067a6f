package io.github.kib4j.train;

/** A loss became infinite or not a number. The weights were last updated in the step before; no checkpoint is written. */
public final class TrainingDivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception for a training step (from 1) and the place of the loss, for example {@code hidden layer 2}. */
    public TrainingDivergedException(long step, String place) {
        super(
                "The loss of the " + place + " is not finite since training step " + step
                        + "; training stopped there. Lower its learning rate (--lr-local for hidden layers, --lr-readout for the readout and for backprop).");
    }
}
