package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.layer.Buffers;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * How long devices, scopes, tensors and planned operations may be used: what is closed is of no use and says so by name, what holds
 * tensors stays open, and no operation of the list runs on memory that is gone.
 */
public abstract class DeviceContract extends BackendContract {
    private static void assertRefused(String what, String says, ThrowingCallable use) {
        assertThatThrownBy(use)
                .as(what)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(says);
    }

    @Test
    void aClosedDeviceIsOfNoUse() {
        Device device = open();
        Scope kept = device.newScope();
        Scope scope = device.newScope();
        Tensor x = scope.allocate(DataType.F32, Shape.of(2, 3));
        Tensor w = scope.allocate(DataType.F32, Shape.of(4, 3));
        Tensor y = scope.allocate(DataType.F32, Shape.of(2, 4));
        LinearOps linear = device.linear();
        Operation planned = linear.forward(y, x, w, null);
        planned.run();
        scope.close();
        device.close();
        String closed = "Device '" + device() + "' is closed";
        assertRefused("a scope", closed, device::newScope);
        assertRefused("memory in a scope that was open", closed, () -> kept.allocate(DataType.F32, Shape.of(1)));
        assertRefused("what was planned before", closed, planned::run);
        assertRefused("synchronizing", closed, device::synchronize);
        try (Device other = open();
                Scope living = other.newScope()) {
            Tensor a = living.allocate(DataType.F32, Shape.of(2, 3));
            Tensor b = living.allocate(DataType.F32, Shape.of(4, 3));
            Tensor c = living.allocate(DataType.F32, Shape.of(2, 4));
            assertRefused("planning", closed, () -> linear.forward(c, a, b, null));
            assertRefused("planning", closed, () -> device.linear().forward(c, a, b, null));
        }
        assertRefused("reading", "scope is closed", y::readFloats);
        assertRefused("writing", "scope is closed", () -> x.write(new float[6]));
        kept.close();
        scope.close();
        device.close();
        assertThat(device.liveBytes()).isZero();
        assertThat(device.name()).isEqualTo(device());
    }

    @Test
    void aDeviceWithLivingTensorsStaysOpen() {
        Device device = open();
        try (Scope scope = device.newScope()) {
            Tensor x = scope.allocate(DataType.F32, Shape.of(3));
            assertRefused("closing", "close their scopes first", device::close);
            x.write(new float[] {1, 2, 3});
            assertThat(scope.allocate(DataType.F32, Shape.of(1)).readFloats()).containsExactly(0);
            device.random().uniform(x, 1, 5, 0).run();
            assertThat(x.readFloats()).doesNotContain(1, 2, 3);
        }
        device.close();
    }

    @Test
    void aClosedScopeGivesNothing() {
        try (Device device = open();
                Scope living = device.newScope()) {
            Tensor memory = living.allocate(DataType.F32, Shape.of(8));
            Scope scope = device.newScope();
            Tensor x = scope.allocate(DataType.F32, Shape.of(8));
            scope.close();
            assertRefused("memory", "scope is closed", () -> scope.allocate(DataType.F32, Shape.of(1)));
            assertRefused("an overlay", "scope is closed", () -> scope.overlay(memory, DataType.F32, Shape.of(2)));
            assertRefused("a part", "scope is closed", () -> x.firstRows(2).readFloats());
        }
    }

    /** An overlay may have memory of its own; where it has not, it ends with the memory that it lies on. */
    @Test
    void anOverlayEndsWithItsMemory() {
        try (Device device = open();
                Scope living = device.newScope()) {
            Scope scope = device.newScope();
            Tensor memory = scope.allocate(DataType.U8, Shape.of(32));
            long before = device.liveBytes();
            Tensor overlay = living.overlay(memory, DataType.F32, Shape.of(8));
            boolean shares = device.liveBytes() == before;
            Operation planned = device.random().uniform(overlay, 1, 5, 0);
            scope.close();
            if (shares) {
                assertRefused("reading", "scope is closed", overlay::readFloats);
                assertRefused("what was planned", "scope is closed", planned::run);
            } else {
                planned.run();
                assertThat(overlay.readFloats()).doesNotContain(0);
            }
        }
    }

    /** Every operation of the one list, planned on tensors whose scope is closed before it runs. */
    @TestFactory
    Stream<DynamicTest> noOperationRunsOnTensorsOfAClosedScope() {
        return Stream.of(Precision.values())
                .flatMap(precision -> OperationCases.all().stream()
                        .map(c -> DynamicTest.dynamicTest(precision + " " + c, () -> {
                            try (Device device = open()) {
                                c.plannedInAClosedScope(device, precision, Parity.SEED)
                                        .forEach(operation ->
                                                assertRefused("running", "scope is closed", operation::run));
                            }
                        })));
    }

    /** Codes of all layers are read after the pass where each has memory of its own: {@link Buffers.Lifetime#STEP}. */
    @Test
    void codesOfUngroupedLayersLiveWhereAskedFor() {
        LayerSpec layer = LayerSpec.linear(6);
        NetworkSpec network = new NetworkSpec(Shape.of(5), List.of(layer, layer, layer), 3);
        Random random = new Random(Parity.SEED);
        double[] input = random.doubles(20, -1, 1).toArray();
        try (Device device = open();
                Scope scope = device.newScope()) {
            Network built = new Network(device, scope, network, Precision.F32, Parity.SEED);
            Tensor x = scope.allocate(DataType.F32, Shape.of(4, 5));
            x.write(input);
            for (LayerPass.Use use : new LayerPass.Use[] {LayerPass.Use.INFERENCE, LayerPass.Use.LOCAL}) {
                List<double[]> during = new ArrayList<>();
                run(built.passes(x, buffers(scope, Buffers.Lifetime.LAYER), use, null), during);
                List<LayerPass> passes = built.passes(x, buffers(scope, Buffers.Lifetime.STEP), use, null);
                run(passes, new ArrayList<>());
                for (int i = 0; i < passes.size(); i++) {
                    assertThat(passes.get(i).code().readDoubles())
                            .as(use + ", layer " + i + ", seed " + Parity.SEED)
                            .isEqualTo(during.get(i))
                            .isNotEqualTo(during.get((i + 2) % 3));
                }
            }
        }
    }

    private static Buffers buffers(Scope scope, Buffers.Lifetime lifetime) {
        return new Buffers(scope, Precision.F32, 4, lifetime);
    }

    /** Runs the passes and adds each layer's codes as they are when the layer is done. */
    private static void run(List<LayerPass> passes, List<double[]> codes) {
        for (LayerPass pass : passes) {
            pass.forward().forEach(Operation::run);
            codes.add(pass.code().readDoubles());
        }
    }
}
