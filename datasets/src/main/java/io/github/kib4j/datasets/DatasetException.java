package io.github.kib4j.datasets;

/** A data set is missing, damaged or unknown. The message says which file, what was found, and what to do. */
public final class DatasetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with a sentence for the user. */
    public DatasetException(String message) {
        super(message);
    }

    /** Creates the exception with a sentence for the user and what caused it. */
    public DatasetException(String message, Throwable cause) {
        super(message, cause);
    }
}
