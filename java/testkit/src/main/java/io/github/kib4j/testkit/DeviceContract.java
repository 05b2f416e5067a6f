package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
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
        Scope kept = device.newScope("test");
        Scope scope = device.newScope("test");
        Tensor x = scope.allocate(DataType.F32, Shape.of(2, 3));
        Tensor w = scope.allocate(DataType.F32, Shape.of(4, 3));
        Tensor y = scope.allocate(DataType.F32, Shape.of(2, 4));
        ProductOps<Operation> product = device.product();
        Operation planned = product.forward(y, x, w, null, Geometry.LINEAR);
        Program program = device.compile(device.newWorkspace(scope), List.of(Step.main(Phase.FORWARD, planned)));
        program.run();
        scope.close();
        device.close();
        String closed = "Device '" + device() + "' is closed";
        assertRefused("a scope", closed, () -> device.newScope("test"));
        assertRefused("memory in a scope that was open", closed, () -> kept.allocate(DataType.F32, Shape.of(1)));
        assertThatThrownBy(program::run).isInstanceOf(IllegalStateException.class);
        assertRefused("what was planned before", closed, () -> device.run(planned));
        assertRefused("synchronizing", closed, device::synchronize);
        try (Device other = open();
                Scope living = other.newScope("test")) {
            Tensor a = living.allocate(DataType.F32, Shape.of(2, 3));
            Tensor b = living.allocate(DataType.F32, Shape.of(4, 3));
            Tensor c = living.allocate(DataType.F32, Shape.of(2, 4));
            assertRefused("planning", closed, () -> product.forward(c, a, b, null, Geometry.LINEAR));
            assertRefused("planning", closed, () -> device.product().forward(c, a, b, null, Geometry.LINEAR));
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
        try (Scope scope = device.newScope("test")) {
            Tensor x = scope.allocate(DataType.F32, Shape.of(3));
            assertRefused(
                    "closing", "of 'test', opened by DeviceContract.aDeviceWithLivingTensorsStaysOpen", device::close);
            x.write(new float[] {1, 2, 3});
            assertThat(scope.allocate(DataType.F32, Shape.of(1)).readFloats()).containsExactly(0);
            device.run(device.random().uniform(x, 1, 5, 0));
            assertThat(x.readFloats()).doesNotContain(1, 2, 3);
            assertThat(device.peakBytes()).isGreaterThanOrEqualTo(device.liveBytes());
        }
        assertThat(device.liveBytes()).isZero();
        assertThat(device.peakBytes()).isGreaterThanOrEqualTo(16);
        device.close();
    }

    @Test
    void aClosedScopeGivesNothing() {
        try (Device device = open()) {
            Scope scope = device.newScope("test");
            Tensor x = scope.allocate(DataType.F32, Shape.of(8));
            Workspace workspace = device.newWorkspace(scope);
            Tensor promised = workspace.tensor(DataType.F32, Shape.of(8));
            assertRefused("what has no memory yet", "no memory", promised::readFloats);
            Program program = device.compile(
                    workspace, List.of(Step.main(Phase.FORWARD, device.random().uniform(promised, 1, 5, 0))));
            program.run();
            scope.close();
            assertRefused("memory", "scope is closed", () -> scope.allocate(DataType.F32, Shape.of(1)));
            assertRefused("reading", "scope is closed", x::readFloats);
            assertRefused("a program", "scope is closed", program::run);
            assertRefused("a program's tensor", "scope is closed", promised::readFloats);
            assertRefused("a promise", "scope is closed", () -> workspace.tensor(DataType.F32, Shape.of(1)));
        }
    }

    /** Where a larger program has taken a smaller one's memory, its tensors have none until it runs again. */
    @Test
    void aLargerProgramTakesTheMemoryOfASmallerOne() {
        try (Device device = open();
                Scope scope = device.newScope("test")) {
            Workspace workspace = device.newWorkspace(scope);
            Tensor small = workspace.keep(workspace.tensor(DataType.F32, Shape.of(1 << 10)));
            Tensor large = workspace.keep(workspace.tensor(DataType.F32, Shape.of(1 << 22)));
            Program first = program(device, workspace, small);
            first.run();
            float[] numbers = small.readFloats();
            program(device, workspace, large).run();
            assertThat(large.readFloats()).doesNotContain(0);
            try {
                assertThat(small.readFloats()).as("memory of its own").isEqualTo(numbers);
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("has no memory now");
            }
            first.run();
            assertThat(small.readFloats()).isEqualTo(numbers);
        }
    }

    private static Program program(Device device, Workspace workspace, Tensor x) {
        return device.compile(
                workspace, List.of(Step.main(Phase.FORWARD, device.random().uniform(x, 1, 5, 0))));
    }

    /** Every operation of the one list, planned on tensors whose scope is closed before it runs. */
    @TestFactory
    Stream<DynamicTest> noOperationRunsOnTensorsOfAClosedScope() {
        Device device = open();
        return Stream.of(Precision.values())
                .flatMap(precision -> OperationCases.all().stream()
                        .map(c -> DynamicTest.dynamicTest(
                                precision + " " + c,
                                () -> c.plannedInAClosedScope(device, precision, Parity.SEED)
                                        .forEach(operation -> assertRefused(
                                                "running", "scope is closed", () -> device.run(operation))))))
                .onClose(device::close);
    }

    /** Codes of ungrouped layers, which are activities, are read after the pass where they are kept. */
    @Test
    void codesAreReadAfterwardsWhereTheyAreKept() {
        LayerSpec layer = LayerSpec.linear(6);
        NetworkSpec network = new NetworkSpec(Shape.of(5), List.of(layer, layer, layer), 3);
        Random random = new Random(Parity.SEED);
        double[] input = random.doubles(20, -1, 1).toArray();
        try (Device device = open();
                Scope scope = device.newScope("test")) {
            Network built = new Network(device, scope, network, Precision.F32, Parity.SEED).initialize();
            Tensor x = scope.allocate(DataType.F32, Shape.of(4, 5));
            x.write(input);
            for (LayerPass.Use use : LayerPass.Use.values()) {
                List<double[]> apart = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    apart.add(codes(device, scope, built, x, use, List.of(i)).get(0));
                }
                List<double[]> together = codes(device, scope, built, x, use, List.of(0, 1, 2));
                for (int i = 0; i < 3; i++) {
                    assertThat(together.get(i))
                            .as(use + ", layer " + i + ", seed " + Parity.SEED)
                            .isEqualTo(apart.get(i))
                            .isNotEqualTo(apart.get((i + 1) % 3));
                }
            }
        }
    }

    /** Runs the passes with the codes of some layers kept, and returns these. */
    private static List<double[]> codes(
            Device device, Scope scope, Network network, Tensor x, LayerPass.Use use, List<Integer> layers) {
        Workspace workspace = device.newWorkspace(scope);
        List<LayerPass> passes = network.passes(x, workspace, use, null);
        layers.forEach(i -> workspace.keep(passes.get(i).code()));
        List<Step> steps = new ArrayList<>();
        passes.forEach(pass -> pass.forward().forEach(o -> steps.add(Step.main(Phase.FORWARD, o))));
        device.compile(workspace, steps).run();
        return layers.stream().map(i -> passes.get(i).code().readDoubles()).toList();
    }
}
