package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import java.util.Map;

/** A contract is kept by one backend, whose test says which. */
abstract class BackendContract {
    /**
     * Returns which backend is tested.
     *
     * @return its name, as {@link Devices#open} takes it
     */
    protected abstract String device();

    /**
     * Returns how the device is opened.
     *
     * @return its settings, as {@link Devices#open} takes them
     */
    protected Map<String, String> settings() {
        return Map.of();
    }

    /** Opens the device, with two threads. */
    final Device open() {
        return Devices.open(device(), 2, settings()).device();
    }
}
