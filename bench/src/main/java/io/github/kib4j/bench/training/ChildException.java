package io.github.kib4j.bench.training;

/** A process ended without a measurement. */
final class ChildException extends Exception {
    private static final long serialVersionUID = 1;

    ChildException(String message) {
        super(message);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
