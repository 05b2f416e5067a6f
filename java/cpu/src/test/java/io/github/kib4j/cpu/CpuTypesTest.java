package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Doubles, which the contracts allow for the reference, are refused in a sentence instead of being read as something else. */
final class CpuTypesTest {
    @Test
    void doublesAreRefused() {
        try (Device device = Devices.open("cpu", 1).device();
                Scope scope = device.newScope("test")) {
            Tensor x = scope.allocate(DataType.F64, Shape.of(2, 2));
            Tensor y = scope.allocate(DataType.F64, Shape.of(2, 2));
            Tensor image = scope.allocate(DataType.F64, Shape.of(2, 2, 1, 1));
            Tensor value = scope.allocate(DataType.F64, Shape.of(1));
            Tensor labels = scope.allocate(DataType.I32, Shape.of(2));
            Meter meter = new Meter(scope.allocate(DataType.F64, Shape.of(2)), 0, Clock.allocate(scope));
            refused(() -> device.product().forward(y, x, x, null, Geometry.LINEAR));
            refused(() -> device.product().weightGradient(y, null, x, x, Geometry.LINEAR));
            refused(() -> device.product().forward(image, image, image, null, new Geometry(1)));
            refused(() -> device.gram().dependence(value, x, Kernel.LINEAR, x, Kernel.COSINE, Estimator.HSIC));
            refused(() -> device.readout().crossEntropy(null, x, labels, meter));
            refused(() -> device.random().uniform(x, 1, 1, 1));
        }
    }

    private static void refused(ThrowingCallable planning) {
        assertThatThrownBy(planning)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("F32 and BF16")
                .hasMessageContaining("not with F64");
    }
}
