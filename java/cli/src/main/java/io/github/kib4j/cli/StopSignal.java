package io.github.kib4j.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns Ctrl-C and SIGTERM into a request to stop after the current step and save. The JVM waits for it, then exits with
 * 128 + the signal's number.
 */
final class StopSignal implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 120;

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "kib-stop");
    private volatile boolean set;

    StopSignal() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    boolean isSet() {
        return set;
    }

    private void stop() {
        set = true;
        try {
            if (!done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("kib: the step did not end in time; the last checkpoint stands.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        done.countDown();
        if (!set) {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }
}
