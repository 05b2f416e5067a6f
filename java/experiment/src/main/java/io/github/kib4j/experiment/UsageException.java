package io.github.kib4j.experiment;

import io.github.kib4j.tensor.RefusedException;
import java.util.List;

/** The command line or a configuration file asks for something that does not exist or fit. Exit code 2. */
public final class UsageException extends RefusedException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: what does not exist or fit, and what to do
     */
    public UsageException(String message) {
        super(message);
    }

    /**
     * {@return the exception for a name that is none; it lists those there are}
     *
     * @param what is named
     * @param name that is none
     * @param names that there are
     */
    public static UsageException unknown(String what, String name, List<String> names) {
        String guess = Words.didYouMean(name, names, "");
        return new UsageException("There is no " + what + " '" + name + "'"
                + (guess.isEmpty() ? "; choose" : guess + " Choose") + " one of: " + String.join(", ", names) + ".");
    }
}
