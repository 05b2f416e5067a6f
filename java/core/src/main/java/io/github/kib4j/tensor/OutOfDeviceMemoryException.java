package io.github.kib4j.tensor;

/** A device has no room for a tensor. The message says how much was wanted and how much is in use. */
public final class OutOfDeviceMemoryException extends RuntimeException implements KibFailure {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: what was too large, and what to do
     */
    public OutOfDeviceMemoryException(String message) {
        super(message);
    }
}
