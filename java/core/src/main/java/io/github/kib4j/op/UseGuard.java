package io.github.kib4j.op;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Notices two threads that use a device at the same time. For backends. */
public final class UseGuard {
    private final String device;
    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();

    /** Creates a guard for a device of this name. */
    public UseGuard(String device) {
        this.device = device;
    }

    /** Returns the operation, guarded: while it runs, no other thread may run one of this device. */
    public Operation guard(Operation operation) {
        return () -> {
            enter();
            try {
                operation.run();
            } finally {
                user.set(null);
            }
        };
    }

    private void enter() {
        Thread now = Thread.currentThread();
        Thread other = user.compareAndExchange(null, now);
        if (other != null) {
            throw new IllegalStateException("Device '" + device + "' is in use by thread '" + other.getName()
                    + "' while thread '" + now.getName()
                    + "' uses it; use a device by one thread at a time, or open one for each thread.");
        }
    }
}
