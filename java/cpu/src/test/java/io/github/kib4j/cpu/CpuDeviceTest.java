package io.github.kib4j.cpu;

import io.github.kib4j.testkit.DeviceContract;

/** Lifetimes on the cpu backend. */
final class CpuDeviceTest extends DeviceContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
