package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Precision;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A backend computes what the reference computes, within what rounding explains: every case of the list, in both precisions. */
public abstract class ParityContract extends BackendContract {
    private Device device;

    @BeforeEach
    void openDevice() {
        device = open();
    }

    @AfterEach
    void closeDevice() {
        device.close();
    }

    @TestFactory
    Stream<DynamicTest> single() {
        return Parity.tests(device, Precision.F32);
    }

    @TestFactory
    Stream<DynamicTest> bfloat16() {
        return Parity.tests(device, Precision.BF16);
    }
}
