package io.github.kib4j.cli;

import java.io.PrintStream;
import java.util.function.IntSupplier;

/**
 * The error stream: lines that stay, and on a terminal below them one that is written over, never wider than the terminal, so
 * that nothing of it is left behind.
 */
final class Screen implements AutoCloseable {
    private static final String CLEAR = "\r\u001b[K";
    private static final String ELLIPSIS = "...";

    /** A terminal wraps after its last column, and shows Ctrl-C as two characters where the line ends. */
    private static final int SPARE = 3;

    private final PrintStream err;
    private final boolean quiet;
    private final IntSupplier columns;
    private boolean shown;

    /**
     * Writes to a stream.
     *
     * @param quiet whether to write nothing
     * @param columns of the terminal; 0 for a stream that is none
     */
    Screen(PrintStream err, boolean quiet, IntSupplier columns) {
        this.err = err;
        this.quiet = quiet;
        this.columns = columns;
    }

    /** Writes to the process's error stream as its terminal or file needs it; to other streams as to files. */
    @SuppressWarnings("ReferenceEquality") // whether it is that very stream
    static Screen of(PrintStream err, boolean quiet) {
        return new Screen(err, quiet, err == System.err && !quiet ? TerminalWidth.ofErrorStream() : () -> 0);
    }

    boolean isTerminal() {
        return !quiet && columns.getAsInt() > 0;
    }

    /** Returns how many characters fit into a line; very many where it is no terminal. */
    int width() {
        int all = columns.getAsInt();
        return all > 0 ? Math.max(1, all - SPARE) : Integer.MAX_VALUE;
    }

    /** Writes a line that stays. */
    synchronized void line(String line) {
        if (!quiet) {
            err.println((shown ? CLEAR : "") + line);
            shown = false;
        }
    }

    /** Writes over the last line of a terminal. */
    synchronized void status(String status) {
        if (isTerminal()) {
            err.print(CLEAR + cut(status, width()));
            err.flush();
            shown = true;
        }
    }

    /** Returns a text, or as much of it as fits and three dots. */
    static String cut(String text, int width) {
        return text.length() <= width
                ? text
                : text.substring(0, Math.max(0, width - ELLIPSIS.length()))
                        + ELLIPSIS.substring(0, Math.min(ELLIPSIS.length(), Math.max(0, width)));
    }

    /** Removes the line that is written over. */
    @Override
    public synchronized void close() {
        if (shown) {
            err.print(CLEAR);
            err.flush();
            shown = false;
        }
    }
}
