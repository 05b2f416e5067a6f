package io.github.kib4j.cli;

/** The command line or a configuration file asks for something that does not exist or fit. Exit code 2. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
