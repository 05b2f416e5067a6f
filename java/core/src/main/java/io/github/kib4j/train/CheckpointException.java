package io.github.kib4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A checkpoint is missing, damaged, or of another run. The message says which, where, and what to do. */
public final class CheckpointException extends IOException {
    private static final long serialVersionUID = 1L;

    private static final String REMEDY = " Use another checkpoint, or train anew.";

    /** What is wrong with a damaged file; null if it is another failure. */
    private final @Nullable String damage;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: what is wrong with which file, and what to do
     */
    public CheckpointException(String message) {
        super(message);
        damage = null;
    }

    private CheckpointException(String damage, @Nullable Throwable cause) {
        super(damage + REMEDY, cause);
        this.damage = damage;
    }

    /** Returns the exception for a file that is damaged. */
    static CheckpointException damaged(Path file, String why, @Nullable Throwable cause) {
        return new CheckpointException("The file " + file + " is damaged: " + why + ".", cause);
    }

    /** Returns the exception for a folder all of whose checkpoints are damaged. */
    static CheckpointException allDamaged(List<String> damages) {
        return new CheckpointException(String.join(" ", damages), (Throwable) null);
    }

    /** Returns what is wrong with a damaged file, in place of which an older one may serve; null if it is another failure. */
    @Nullable
    String damage() {
        return damage;
    }
}
