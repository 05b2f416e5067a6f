package io.github.kib4j.train;

import java.io.IOException;

/** A checkpoint is missing, damaged, or of another run. The message says which, where, and what to do. */
public final class CheckpointException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with a sentence for the user. */
    public CheckpointException(String message) {
        super(message);
    }

    /** Creates the exception with a sentence for the user and what caused it. */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
