package io.github.kib4j.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Turns Ctrl-C, SIGTERM and SIGHUP into a request to stop after the current step and save. A second one ends the process at
 * once, which a checkpoint survives as it survives any kill.
 */
final class StopSignal implements AutoCloseable {
    private static final int SIGNALLED = 128;

    /** By signal; named in full, since javadoc warns of imports of these classes, which nothing replaces. */
    private final Map<sun.misc.Signal, sun.misc.SignalHandler> before = new HashMap<>();

    private final Consumer<String> say;
    private volatile int number;

    StopSignal(Consumer<String> say) {
        this.say = say;
    }

    /** Begins to listen. Signals that the process was started to ignore (nohup) stay ignored. */
    void listen() {
        for (String name : List.of("INT", "TERM", "HUP")) {
            try {
                sun.misc.Signal signal = new sun.misc.Signal(name);
                before.put(signal, sun.misc.Signal.handle(signal, this::received));
            } catch (IllegalArgumentException e) {
                // The system has no such signal, or Java was told to leave signals alone (-Xrs).
            }
        }
    }

    private synchronized void received(sun.misc.Signal signal) {
        if (number != 0) {
            Runtime.getRuntime().halt(SIGNALLED + signal.getNumber());
        }
        number = signal.getNumber();
        say.accept("Stopping after this step. Once more quits at once; the last checkpoint stands.");
    }

    boolean isSet() {
        return number != 0;
    }

    /** Returns the exit code of a run that the signal stopped: 128 and the signal's number. */
    int exitCode() {
        return SIGNALLED + number;
    }

    @Override
    public void close() {
        before.forEach(sun.misc.Signal::handle);
    }
}
