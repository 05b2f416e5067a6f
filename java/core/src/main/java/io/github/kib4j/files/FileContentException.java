package io.github.kib4j.files;

import io.github.kib4j.tensor.KibFailure;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file is damaged, or has content that is not supported. The message says which, where, and what to do. */
public final class FileContentException extends IOException implements KibFailure {
    private static final long serialVersionUID = 1L;

    /** What is wrong with a damaged file; null if what it has is not supported. */
    private final @Nullable String damage;

    private FileContentException(String message, @Nullable String damage, @Nullable Throwable cause) {
        super(message, cause);
        this.damage = damage;
    }

    /**
     * {@return the exception for a file that is damaged}
     *
     * @param file the file
     * @param why what is wrong with it, in words that follow a colon
     * @param cause what found it; null if nothing was thrown
     */
    public static FileContentException damaged(Path file, String why, @Nullable Throwable cause) {
        String damage = "The file " + file + " is damaged: " + why + ".";
        return new FileContentException(damage + " Use another copy of it.", damage, cause);
    }

    /** Returns the exception for a file that is whole, but has what is not supported. */
    static FileContentException unsupported(Path file, String what, String remedy) {
        return new FileContentException(
                "The file " + file + " has " + what + ", which is not supported; " + remedy + ".", null, null);
    }

    /** {@return what is wrong with a damaged file, a sentence; null if it is whole, but has what is not supported} */
    public @Nullable String damage() {
        return damage;
    }
}
