package io.github.kib4j.experiment.report;

import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.tensor.KibFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a report lacks, a sentence each. */
final class Notes {
    private final List<String> sentences = new ArrayList<>();

    /** Work that something outside may prevent. */
    interface Work<T> {
        T run() throws IOException;
    }

    void add(String sentence) {
        if (!sentences.contains(sentence)) {
            sentences.add(sentence);
        }
    }

    /**
     * Returns what work gives; empty, with a note, if something outside prevents it.
     *
     * @param what is not shown then, as the beginning of a sentence
     */
    <T> Optional<T> unless(String what, Work<T> work) {
        try {
            return Optional.of(work.run());
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            add(what + ": " + reason(e));
            return Optional.empty();
        }
    }

    /** Returns why, where that is outside; a bug goes on. */
    private static String reason(Throwable e) {
        if (e instanceof KibFailure failure) {
            return FileFailure.printable(failure.getMessage());
        }
        if (e instanceof OutOfMemoryError) {
            return "Java has not enough memory for it.";
        }
        Throwable cause = e instanceof UncheckedIOException ? e.getCause() : e;
        if (cause instanceof IOException io) {
            return FileFailure.reason(io) + ".";
        }
        throw (RuntimeException) e;
    }

    List<String> sentences() {
        return List.copyOf(sentences);
    }
}
