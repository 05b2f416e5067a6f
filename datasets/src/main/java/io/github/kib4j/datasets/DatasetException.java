package io.github.kib4j.datasets;

import io.github.kib4j.tensor.KibFailure;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A data set is missing, damaged or unknown. The message says which file, what was found, and what to do. */
public final class DatasetException extends RuntimeException implements KibFailure {
    private static final long serialVersionUID = 1L;

    /** The data set whose files are not where they were looked for; null for other failures. */
    private final @Nullable String missing;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: what is wrong with which file, and what to do
     */
    public DatasetException(String message) {
        super(message);
        missing = null;
    }

    /**
     * Creates the exception with a sentence for the user and what caused it.
     *
     * @param message one sentence: what is wrong with which file, and what to do
     * @param cause what the file system or a reader said
     */
    public DatasetException(String message, Throwable cause) {
        super(message, cause);
        missing = null;
    }

    private DatasetException(String message, String missing) {
        super(message);
        this.missing = missing;
    }

    /** Returns the exception for a data set whose files are not where they were looked for. */
    static DatasetException missing(String name, String message) {
        return new DatasetException(message, name);
    }

    /**
     * {@return the name of the data set whose files are not where they were looked for, so that naming another place may help;
     * empty if it is another failure}
     */
    public Optional<String> missing() {
        return Optional.ofNullable(missing);
    }
}
