package io.github.kib4j.reference;

import io.github.kib4j.testkit.DeviceContract;

/** Lifetimes on the reference backend. */
final class ReferenceDeviceTest extends DeviceContract {
    @Override
    protected String device() {
        return "reference";
    }
}
