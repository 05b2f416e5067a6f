package io.github.kib4j.tensor;

/** What is asked for does not exist, does not fit, or cannot be done here. */
public class RefusedException extends IllegalArgumentException implements KibFailure {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: what is refused, why, and what to do
     */
    public RefusedException(String message) {
        super(message);
    }
}
