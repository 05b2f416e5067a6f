package io.github.kib4j.checkpoint;

import io.github.kib4j.files.FileContentException;
import io.github.kib4j.tensor.KibFailure;
import java.io.IOException;
import java.util.List;

/** A checkpoint is missing, damaged, or of another run. The message says which, where, and what to do. */
public final class CheckpointException extends IOException implements KibFailure {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: what is wrong with which file, and what to do
     */
    public CheckpointException(String message) {
        super(message);
    }

    /** Returns the exception for a file that a checkpoint was to be read from. */
    static CheckpointException of(FileContentException e) {
        String damage = e.damage();
        CheckpointException exception =
                damage == null ? new CheckpointException(String.valueOf(e.getMessage())) : allDamaged(List.of(damage));
        exception.initCause(e);
        return exception;
    }

    /** Returns the exception for a folder all of whose checkpoints are damaged. */
    static CheckpointException allDamaged(List<String> damages) {
        return new CheckpointException(String.join(" ", damages) + " Use another checkpoint, or train anew.");
    }
}
