package io.github.kib4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The columns of the terminal that the error stream goes to; 0 where it goes elsewhere. {@code COLUMNS} wins over what the
 * terminal says, which is asked again when its size changes.
 */
final class TerminalWidth implements IntSupplier {
    private static final Path ERROR_STREAM = Path.of("/proc/self/fd/2");
    private static final String TERMINALS = "/dev/(pts/[0-9]+|tty.*|console|vc/.*)";
    private static final int USUAL = 80;
    private static final int PATIENCE_SECONDS = 2;

    private final @Nullable Path terminal;
    private volatile int columns;

    private TerminalWidth(@Nullable Path terminal) {
        this.terminal = terminal;
    }

    /** Looks where this process's error stream goes. */
    static TerminalWidth ofErrorStream() {
        TerminalWidth width = new TerminalWidth(terminal(ERROR_STREAM));
        if (width.terminal != null) {
            width.listen();
        }
        return width;
    }

    /** Returns the terminal that a link names; null if it names something else, or there is no such link. */
    static @Nullable Path terminal(Path link) {
        try {
            Path target = Files.readSymbolicLink(link);
            return target.toString().matches(TERMINALS) ? target : null;
        } catch (IOException | UnsupportedOperationException e) {
            return null;
        }
    }

    private void listen() {
        try {
            sun.misc.Signal.handle(new sun.misc.Signal("WINCH"), signal -> columns = 0);
        } catch (IllegalArgumentException e) {
            // Without the signal, the width stays what it was at the start.
        }
    }

    @Override
    public int getAsInt() {
        if (terminal == null) {
            return 0;
        }
        if (columns == 0) {
            columns = columns(terminal);
        }
        return columns;
    }

    private static int columns(Path terminal) {
        int told = number(System.getenv("COLUMNS"));
        int asked = told > 0 ? told : ask(terminal);
        return asked > 0 ? asked : USUAL;
    }

    /** Returns the columns that {@code stty size} tells, after the rows; 0 if it tells none. */
    private static int ask(Path terminal) {
        Process stty = null;
        try {
            stty = new ProcessBuilder("stty", "size")
                    .redirectInput(terminal.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return 0;
            }
            String said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return number(said.substring(said.indexOf(' ') + 1));
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        } finally {
            if (stty != null) {
                stty.destroy();
            }
        }
    }

    private static int number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : 0;
    }
}
