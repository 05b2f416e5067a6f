package io.github.kib4j.tensor;

/**
 * What kib4j declares that can go wrong; the message is a sentence for the user: what, where, what to do. Besides these only
 * {@link java.io.IOException} tells of something outside; any other exception is of who calls the library wrongly, and out of
 * a command a bug in kib4j.
 */
public interface KibFailure {
    /** {@return the sentence} */
    String getMessage();
}
