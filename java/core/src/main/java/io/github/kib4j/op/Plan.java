package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a program's steps are ordered, and where in the arena its tensors and scratch memories lie. Two memories share bytes only if
 * all steps that use one are known to be done before the first that uses the other. Places are chosen for the largest first, each
 * as low as it fits.
 */
public final class Plan {
    /** A tensor's or a scratch memory's bytes, and the steps that use it: its first, and its last in each lane. */
    private static final class Item {
        final long bytes;
        final int first;
        /** How many there were before it. */
        final int number;

        final int[] last = new int[StepOrder.LANES];
        long offset;

        Item(long bytes, int first, int number) {
            this.bytes = bytes;
            this.first = first;
            this.number = number;
            Arrays.fill(last, -1);
        }
    }

    /**
     * A device's memory.
     *
     * @param reused whether a tensor may lie where another has lain
     * @param alignment what places are multiples of, in bytes
     */
    record Memory(boolean reused, int alignment) {}

    private final List<Step> steps;
    private final Predicate<Tensor> keeps;
    private final Memory memory;
    private final StepOrder order;
    private final Map<Tensor, Item> tensors = new IdentityHashMap<>();
    private final List<@Nullable Item> scratch = new ArrayList<>();
    private long bytes;

    /**
     * Plans.
     *
     * @param contains whether a tensor is to be given a place
     * @param keeps whether its numbers stay until the end
     * @param lanes whether steps of two lanes may run at the same time; if not, all steps run in order
     */
    Plan(List<Step> steps, Predicate<Tensor> contains, Predicate<Tensor> keeps, Memory memory, boolean lanes) {
        this.steps = List.copyOf(steps);
        this.keeps = keeps;
        this.memory = memory;
        order = new StepOrder(steps, lanes);
        for (int i = 0; i < steps.size(); i++) {
            use(i, contains);
        }
        List<Item> items = new ArrayList<>(tensors.values());
        scratch.stream().filter(Objects::nonNull).forEach(items::add);
        items.sort(Comparator.comparingLong((Item item) -> -item.bytes).thenComparingInt(item -> item.number));
        List<Item> placed = new ArrayList<>();
        for (Item item : items) {
            item.offset = memory.reused() ? place(item, placed, memory.alignment()) : bytes;
            placed.add(item);
            bytes = Math.max(bytes, item.offset + item.bytes);
        }
    }

    /**
     * {@return the plan of the same steps for a device of another kind}
     *
     * @param lanes whether steps of two lanes may run at the same time there
     */
    public Plan withLanes(boolean lanes) {
        return new Plan(steps, tensors::containsKey, keeps, memory, lanes);
    }

    /** Notes which memory a step uses. */
    private void use(int i, Predicate<Tensor> contains) {
        Operation operation = steps.get(i).operation();
        for (Tensor tensor : operation.reads()) {
            if (contains.test(tensor)) {
                Item item = tensors.get(tensor);
                if (item == null) {
                    throw new IllegalArgumentException("Step " + i + ", " + operation + ", reads a tensor of "
                            + tensor.shape() + " that no step before it has written.");
                }
                item.last[order.lane(i)] = Math.max(item.last[order.lane(i)], i);
            }
        }
        for (Tensor tensor : operation.writes()) {
            if (contains.test(tensor)) {
                int step = i;
                Item item = tensors.computeIfAbsent(
                        tensor, t -> new Item(t.bytes(), step, tensors.size() + scratch.size()));
                item.last[order.lane(i)] =
                        keeps.test(tensor) ? Integer.MAX_VALUE : Math.max(item.last[order.lane(i)], i);
            }
        }
        long need = operation.work().scratchBytes();
        Item item = need == 0 ? null : new Item(need, i, tensors.size() + scratch.size());
        if (item != null) {
            item.last[order.lane(i)] = i;
        }
        scratch.add(item);
    }

    /** Returns the lowest place that no memory has which may be in use at the same time. */
    private long place(Item item, List<Item> placed, int alignment) {
        long offset = 0;
        List<Item> inTheWay = placed.stream()
                .filter(other -> !isBefore(other, item) && !isBefore(item, other))
                .sorted(Comparator.comparingLong(other -> other.offset))
                .toList();
        for (Item other : inTheWay) {
            if (offset + item.bytes <= other.offset) {
                break;
            }
            long end = other.offset + other.bytes;
            offset = Math.max(offset, (end + alignment - 1) / alignment * alignment);
        }
        return offset;
    }

    private boolean isBefore(Item one, Item other) {
        return order.areDone(one.last, other.first);
    }

    /** {@return the steps, in the order in which they were given} */
    public List<Step> steps() {
        return steps;
    }

    /**
     * {@return the lane that a step runs on; the main one where the device has no others}
     *
     * @param step its number, from 0
     */
    public Lane lane(int step) {
        return Lane.values()[order.lane(step)];
    }

    /**
     * {@return the numbers of the steps of the other lane that a step waits for}
     *
     * @param step its number, from 0
     */
    public Set<Integer> waits(int step) {
        return order.waits(step);
    }

    /** {@return the tensors that have places here} */
    public Set<Tensor> tensors() {
        return tensors.keySet();
    }

    /**
     * {@return where a tensor lies in the arena, in bytes}
     *
     * @param tensor one of {@link #tensors}
     */
    public long offset(Tensor tensor) {
        return Objects.requireNonNull(tensors.get(tensor)).offset;
    }

    /**
     * {@return where a step's scratch memory lies in the arena, in bytes; 0 if it has none}
     *
     * @param step its number, from 0
     */
    public long scratchOffset(int step) {
        Item item = scratch.get(step);
        return item == null ? 0 : item.offset;
    }

    /** {@return the bytes of the arena} */
    public long bytes() {
        return bytes;
    }

    /** {@return the multiplications and additions of the products of all steps} */
    public long operations() {
        return steps.stream()
                .mapToLong(step -> CheckedProduct.operations(step.operation()))
                .sum();
    }

    /** Returns the tensors whose first use a step is. */
    List<Tensor> beginning(int step) {
        return tensors.entrySet().stream()
                .filter(entry -> entry.getValue().first == step)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Returns the tensors whose last use a step is, where all steps run in order. */
    List<Tensor> ending(int step) {
        return tensors.entrySet().stream()
                .filter(entry -> entry.getValue().last[0] == step)
                .map(Map.Entry::getKey)
                .toList();
    }
}
