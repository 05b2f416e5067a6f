package io.github.kib4j.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Order and places of steps, on a backend that has neither memory nor operations. */
final class PlanTest {
    private static final int BYTES = 256;

    private final Device device = new Device(backend());
    private final Scope scope = device.newDryScope("test");
    private final Workspace workspace = device.newWorkspace(scope);
    private final List<Step> steps = new ArrayList<>();

    private static Backend backend() {
        return proxy(Backend.class, (name, arguments) -> switch (name) {
            case "name" -> "none";
            case "reusesMemory" -> true;
            case "hasLanes" -> false;
            case "alignment" -> 64;
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
            case "base" -> self[0];
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
                    default -> answer.to(method.getName(), arguments);
                }));
    }

    private Tensor promised() {
        return workspace.tensor(DataType.U8, Shape.of(BYTES));
    }

    private void step(Lane lane, String name, List<Tensor> reads, List<Tensor> writes) {
        steps.add(new Step(new Operation(name, reads, writes, Work.of(() -> {})), Phase.FORWARD, lane));
    }

    private Plan plan() {
        return device.compile(workspace, steps).plan();
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
}
