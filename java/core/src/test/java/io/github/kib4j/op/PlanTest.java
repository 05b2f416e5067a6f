package io.github.kib4j.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Order and places of steps, on a backend that has neither memory nor operations. */
final class PlanTest {
    private static final int BYTES = 256;
    /** What the backend has memory for at a time. */
    private static final int ROOM = 512;

    private final Device device = new Device(backend());
    private final Scope scope = device.newDryScope("test");
    private final Workspace workspace = device.newWorkspace(scope);
    private final List<Step> steps = new ArrayList<>();

    private static Backend backend() {
        return proxy(Backend.class, (name, arguments) -> switch (name) {
            case "name" -> "none";
            case "reusesMemory" -> true;
            case "alignment" -> 64;
            case "isSynchronous" -> true;
            case "allocate" -> ((Tensor) arguments[0]).bytes() <= ROOM;
            case "promise" -> tensor((Owner) arguments[0], (DataType) arguments[1], (Shape) arguments[2]);
            default -> null;
        });
    }

    private static Tensor tensor(Owner owner, DataType type, Shape shape) {
        Tensor[] self = new Tensor[1];
        self[0] = proxy(Tensor.class, (name, arguments) -> switch (name) {
            case "owner" -> owner;
            case "type" -> type;
            case "shape" -> shape;
            case "bytes" -> shape.size() * type.bytes();
            default -> null;
        });
        return self[0];
    }

    private interface Answer {
        @Nullable
        Object to(String method, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> switch (method.getName()) {
                    case "hashCode" -> System.identityHashCode(self);
                    case "equals" -> self == arguments[0];
                    default -> {
                        Object given = answer.to(method.getName(), arguments);
                        yield given == null && method.isDefault()
                                ? InvocationHandler.invokeDefault(self, method, arguments)
                                : given;
                    }
                }));
    }

    private Tensor promised() {
        return workspace.tensor(DataType.U8, Shape.of(BYTES));
    }

    private void step(Lane lane, String name, List<Tensor> reads, List<Tensor> writes) {
        steps.add(new Step(new Operation(name, reads, writes, Work.of(() -> {})), Phase.FORWARD, lane, ""));
    }

    private Plan plan() {
        return device.compile(workspace, steps).plan();
    }

    /** A multiplication and an addition for each output and each weight that it meets: forward, and in both gradients. */
    @Test
    void multiplicationsOfProductsAreCounted() {
        try (Device reference = Devices.open("reference", 1).device();
                Scope scope = reference.newScope("products")) {
            Tensor x = scope.allocate(DataType.F64, Shape.of(2, 3, 4, 5));
            Tensor w = scope.allocate(DataType.F64, Shape.of(6, 3, 3, 3));
            Tensor y = scope.allocate(DataType.F64, Shape.of(2, 6, 4, 5));
            Tensor flat = scope.allocate(DataType.F64, Shape.of(2, 7));
            Tensor matrix = scope.allocate(DataType.F64, Shape.of(4, 7));
            Tensor out = scope.allocate(DataType.F64, Shape.of(2, 4));
            ProductOps<Operation> product = reference.product();
            Geometry window = new Geometry(3);
            long convolution = 2L * (2 * 6 * 4 * 5) * (3 * 3 * 3);
            assertThat(CheckedProduct.operations(product.forward(y, x, w, null, window)))
                    .isEqualTo(convolution);
            assertThat(CheckedProduct.operations(product.weightGradient(w, null, y, x, window)))
                    .isEqualTo(convolution);
            assertThat(CheckedProduct.operations(product.dataGradient(x, y, w, window)))
                    .isEqualTo(convolution);
            Operation linear = product.forward(out, flat, matrix, null, Geometry.LINEAR);
            assertThat(CheckedProduct.operations(linear)).isEqualTo(2L * 2 * 4 * 7);
            Clock clock = Clock.allocate(scope);
            Plan plan = reference
                    .compile(
                            reference.newWorkspace(scope),
                            List.of(
                                    Step.main(Phase.FORWARD, linear),
                                    Step.main(Phase.DATA, reference.random().advance(clock, 2)),
                                    Step.main(Phase.FORWARD, linear)))
                    .plan();
            assertThat(plan.operations()).isEqualTo(2 * 2L * 2 * 4 * 7);
        }
    }

    @Test
    void aChainNeedsTheMemoryOfTwo() {
        Tensor before = promised();
        step(Lane.MAIN, "first", List.of(), List.of(before));
        for (int i = 0; i < 5; i++) {
            Tensor next = promised();
            step(Lane.MAIN, "next", List.of(before), List.of(next));
            before = next;
        }
        assertThat(plan().bytes()).isEqualTo(2 * BYTES);
    }

    @Test
    void whatIsKeptIsNobodyElses() {
        Tensor kept = workspace.keep(promised());
        step(Lane.MAIN, "first", List.of(), List.of(kept));
        Tensor other = promised();
        step(Lane.MAIN, "second", List.of(), List.of(other));
        Plan plan = plan();
        assertThat(plan.bytes()).isEqualTo(2 * BYTES);
        assertThat(plan.offset(other)).isNotEqualTo(plan.offset(kept));
    }

    @Test
    void whatWasNeverWrittenIsNotRead() {
        Tensor x = promised();
        step(Lane.MAIN, "linear.forward", List.of(x), List.of(promised()));
        assertThatThrownBy(this::plan)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Step 0, linear.forward, reads a tensor of 256 that no step before it has written.");
    }

    /** The other lane may still read what the main one has left; a wait for a later step of a lane is one for all before. */
    @Test
    void lanesWaitWhereTheyMustAndShareMemoryOnlyThen() {
        Tensor x = promised();
        Tensor gradient = promised();
        Tensor y = promised();
        Tensor z = promised();
        step(Lane.MAIN, "forward 1", List.of(), List.of(x));
        step(Lane.UPDATE, "gradient 1", List.of(x), List.of(gradient));
        step(Lane.MAIN, "forward 2", List.of(x), List.of(y));
        step(Lane.MAIN, "forward 3", List.of(y), List.of(z));
        step(Lane.UPDATE, "gradient 3", List.of(z, gradient), List.of(gradient));
        Plan inOrder = plan();
        Plan lanes = inOrder.withLanes(true);
        assertThat(inOrder.bytes()).as("z lies where x lay").isEqualTo(3 * BYTES);
        assertThat(lanes.bytes()).as("gradient 1 may still read x").isEqualTo(4 * BYTES);
        assertThat(lanes.waits(1)).containsExactly(0);
        assertThat(lanes.waits(2)).isEmpty();
        assertThat(lanes.waits(4)).containsExactly(3);
        assertThat(inOrder.waits(4)).isEmpty();
    }

    @Test
    void programsOfAWorkspaceShareItsArena() {
        step(Lane.MAIN, "first", List.of(), List.of(promised(), promised()));
        plan();
        steps.clear();
        step(Lane.MAIN, "other", List.of(), List.of(promised()));
        plan();
        assertThat(workspace.bytes()).isEqualTo(2 * BYTES);
    }

    @Test
    void aProgramWithoutMemoryIsNotRun() {
        step(Lane.MAIN, "first", List.of(), List.of(promised()));
        assertThatThrownBy(device.compile(workspace, steps)::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("can be measured, but not run");
    }

    @Test
    void aProgramKeepsItsTensors() {
        Tensor kept = workspace.keep(promised());
        step(Lane.MAIN, "first", List.of(), List.of(kept));
        plan();
        steps.clear();
        step(Lane.MAIN, "linear.forward", List.of(kept), List.of(promised()));
        assertThatThrownBy(this::plan)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("linear.forward is of another program of this workspace, or touches");
    }

    /** Whose memory is whose is decided by the order of steps, not by where objects happen to lie. */
    @Test
    void equalStepsHaveEqualPlans() {
        List<List<Long>> places = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            steps.clear();
            List<Tensor> all = new ArrayList<>();
            for (int k = 0; k < 12; k++) {
                all.add(promised());
            }
            step(Lane.MAIN, "first", List.of(), all.subList(0, 6));
            step(Lane.MAIN, "second", all.subList(1, 3), all.subList(6, 12));
            step(Lane.MAIN, "third", List.of(all.get(0), all.get(5), all.get(9)), List.of(all.get(3)));
            Plan plan = plan();
            places.add(all.stream().map(plan::offset).toList());
        }
        assertThat(places).containsOnly(places.get(0));
    }

    /** When there is no room for a larger arena, the smaller one is gone, nothing runs on it, and all can be closed. */
    @Test
    void anArenaThatDoesNotFitFailsCleanly() {
        Scope real = device.newScope("real");
        Workspace own = device.newWorkspace(real);
        List<String> ran = new ArrayList<>();
        Program small = device.compile(own, List.of(noting(ran, "small", own.tensor(DataType.U8, Shape.of(ROOM)))));
        Program large = device.compile(own, List.of(noting(ran, "large", own.tensor(DataType.U8, Shape.of(2 * ROOM)))));
        for (Program program : List.of(small, large, small, small)) {
            assertThatThrownBy(program::run)
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessage("The none device has no room for another 1 MB of 'real' beside the 0 MB that are in use"
                            + " here; take a smaller batch or network.");
        }
        assertThat(ran).isEmpty();
        assertThat(device.liveBytes()).isZero();
        real.close();
        device.close();
    }

    @Test
    void aLargerArenaTakesThePlaceOfASmallerOne() {
        Scope real = device.newScope("real");
        Workspace own = device.newWorkspace(real);
        List<String> ran = new ArrayList<>();
        Program small = device.compile(own, List.of(noting(ran, "small", own.tensor(DataType.U8, Shape.of(ROOM / 2)))));
        small.run();
        assertThat(device.liveBytes()).isEqualTo(ROOM / 2);
        Program large = device.compile(own, List.of(noting(ran, "large", own.tensor(DataType.U8, Shape.of(ROOM)))));
        large.run();
        small.run();
        assertThat(device.liveBytes()).isEqualTo(ROOM);
        assertThat(ran).containsExactly("small", "large", "small");
        Program larger =
                device.compile(own, List.of(noting(ran, "larger", own.tensor(DataType.U8, Shape.of(2 * ROOM)))));
        assertThatThrownBy(larger::run).isInstanceOf(OutOfDeviceMemoryException.class);
        assertThatThrownBy(small::run).isInstanceOf(OutOfDeviceMemoryException.class);
        assertThat(ran).hasSize(3);
        assertThat(device.liveBytes()).isZero();
        real.close();
        assertThat(device.liveBytes()).isZero();
        device.close();
    }

    private static Step noting(List<String> ran, String name, Tensor writes) {
        return Step.main(Phase.FORWARD, new Operation(name, List.of(), List.of(writes), Work.of(() -> ran.add(name))));
    }

    /** What is bound halfway is not run. */
    @Test
    void aStepThatCannotBeBoundLeavesNothingToRun() {
        Scope real = device.newScope("real");
        Workspace own = device.newWorkspace(real);
        List<String> ran = new ArrayList<>();
        Operation refuses =
                new Operation("refuses", List.of(), List.of(own.tensor(DataType.U8, Shape.of(1))), place -> {
                    throw new IllegalArgumentException("not here");
                });
        Program program = device.compile(
                own,
                List.of(noting(ran, "first", own.tensor(DataType.U8, Shape.of(1))), Step.main(Phase.FORWARD, refuses)));
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(program::run).hasMessage("not here");
        }
        assertThat(ran).isEmpty();
        real.close();
    }

    @Test
    void anotherDevicesScopeIsRefused() {
        Device other = new Device(backend());
        assertThatThrownBy(() -> other.newWorkspace(scope))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The none device cannot use a scope of another device.");
        assertThatThrownBy(() -> other.compile(workspace, steps))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("workspace of another device");
    }
}
