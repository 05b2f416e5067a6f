package io.github.kib4j.cpu;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.testkit.Parity;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The CPU backend equals the reference on the one list of cases, in both precisions. */
final class CpuParityTest {
    private static Device device;

    @BeforeAll
    static void open() {
        device = Devices.open("cpu", 2).device();
    }

    @AfterAll
    static void close() {
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
