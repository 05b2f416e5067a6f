package io.github.kib4j.datasets;

/** A data set is missing, damaged or unknown. The message says which file, what was found, and what to do. */
public final class DatasetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: what is wrong with which file, and what to do
     */
    public DatasetException(String message) {
        super(message);
    }

    /**
     * Creates the exception with a sentence for the user and what caused it.
     *
     * @param message one sentence: what is wrong with which file, and what to do
     * @param cause what the file system or a reader said
     */
    public DatasetException(String message, Throwable cause) {
        super(message, cause);
    }
}
