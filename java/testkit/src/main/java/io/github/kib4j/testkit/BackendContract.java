package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;

/** A contract is kept by one backend, whose test says which. */
abstract class BackendContract {
    /**
     * Returns which backend is tested.
     *
     * @return its name, as {@link Devices#open} takes it
     */
    protected abstract String device();

    /** Opens the device, with two threads. */
    final Device open() {
        return Devices.open(device(), 2).device();
    }
}
