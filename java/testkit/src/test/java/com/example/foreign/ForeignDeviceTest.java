package com.example.foreign;

import io.github.kib4j.testkit.DeviceContract;

/** A foreign backend's memory. */
final class ForeignDeviceTest extends DeviceContract {
    @Override
    protected String device() {
        return "foreign";
    }
}
