package io.github.kib4j.op;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Notices two threads that use a device at the same time, and use of a device that was closed. */
final class UseGuard {
    /** Stands for the user that a closed device has for good; never started. */
    private static final Thread NOBODY = new Thread("nobody: the device is closed");

    private final String device;
    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();

    /** Creates the guard of a device of this name. */
    UseGuard(String device) {
        this.device = device;
    }

    /**
     * Runs what no other thread may disturb.
     *
     * @throws IllegalStateException if the device is closed, or another thread uses it
     */
    void run(Runnable run) {
        enter();
        try {
            run.run();
        } finally {
            user.set(null);
        }
    }

    /**
     * Checks that the device may still be used.
     *
     * @throws IllegalStateException if it is closed
     */
    void checkOpen() {
        if (user.get() == NOBODY) {
            throw closed();
        }
    }

    /**
     * Closes the device to all use.
     *
     * @return whether it was open; closing twice is no error
     * @throws IllegalStateException if a thread is using it
     */
    boolean close() {
        Thread before = user.compareAndExchange(null, NOBODY);
        if (before != null && before != NOBODY) {
            throw new IllegalStateException("Device '" + device + "' cannot be closed while thread '" + before.getName()
                    + "' uses it; wait until that thread is done.");
        }
        return before == null;
    }

    private void enter() {
        Thread now = Thread.currentThread();
        Thread other = user.compareAndExchange(null, now);
        if (other != null) {
            throw other == NOBODY ? closed() : inUse(other, now);
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException(
                "Device '" + device + "' is closed; use it before its close(), or open another.");
    }

    private IllegalStateException inUse(Thread other, Thread now) {
        return new IllegalStateException("Device '" + device + "' is in use by thread '" + other.getName()
                + "' while thread '" + now.getName()
                + "' uses it; use a device by one thread at a time, or open one for each thread.");
    }
}
