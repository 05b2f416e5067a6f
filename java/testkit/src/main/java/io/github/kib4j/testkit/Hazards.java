package io.github.kib4j.testkit;

import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Plan;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * Finds steps that touch one range of bytes, one of them writing, and that nothing puts in order: neither a lane, in which steps run
 * one after the other, nor a wait. It knows nothing of how a plan came about.
 */
public final class Hazards {
    /** The arena of a plan: all its tensors lie in one memory. */
    private static final Object ARENA = new Object();

    private Hazards() {}

    /**
     * Bytes of a memory.
     *
     * @param memory which one; the same object for the same memory
     * @param from first byte
     * @param to the byte after the last
     */
    public record Range(Object memory, long from, long to) {
        boolean meets(Range other) {
            return memory == other.memory && from < other.to && other.from < to;
        }
    }

    /**
     * What a step touches, and when it runs.
     *
     * @param name of its operation
     * @param lane that it runs on
     * @param waits steps that it waits for
     * @param reads what it reads
     * @param writes what it writes, scratch memory too
     */
    public record Access(String name, int lane, Set<Integer> waits, List<Range> reads, List<Range> writes) {}

    /**
     * Returns what a plan's steps touch.
     *
     * @param plan of a program
     * @param lanes whether its lanes run at the same time
     * @return one for each step
     */
    public static List<Access> accesses(Plan plan, boolean lanes) {
        List<Access> accesses = new ArrayList<>();
        for (int i = 0; i < plan.steps().size(); i++) {
            Step step = plan.steps().get(i);
            Operation operation = step.operation();
            List<Range> writes = ranges(plan, operation.writes());
            long scratch = operation.work().scratchBytes();
            if (scratch > 0) {
                writes.add(new Range(ARENA, plan.scratchOffset(i), plan.scratchOffset(i) + scratch));
            }
            accesses.add(new Access(
                    operation.name(),
                    lanes ? step.lane().ordinal() : 0,
                    plan.waits(i),
                    ranges(plan, operation.reads()),
                    writes));
        }
        return accesses;
    }

    private static List<Range> ranges(Plan plan, List<Tensor> tensors) {
        List<Range> ranges = new ArrayList<>();
        for (Tensor tensor : tensors) {
            Tensor base = tensor;
            ranges.add(
                    plan.tensors().contains(base)
                            ? new Range(ARENA, plan.offset(base), plan.offset(base) + tensor.bytes())
                            : new Range(base, 0, tensor.bytes()));
        }
        return ranges;
    }

    /**
     * Returns the hazards among steps.
     *
     * @param steps in the order in which they are given to the device
     * @return a sentence for each pair, with both operations' names
     */
    public static List<String> find(List<Access> steps) {
        List<String> hazards = new ArrayList<>();
        List<BitSet> before = before(steps);
        for (int j = 0; j < steps.size(); j++) {
            for (int i = 0; i < j; i++) {
                if (!before.get(j).get(i)) {
                    Access one = steps.get(i);
                    Access other = steps.get(j);
                    if (meet(one.writes(), other.writes())
                            || meet(one.writes(), other.reads())
                            || meet(one.reads(), other.writes())) {
                        hazards.add("Step " + i + ", " + one.name() + ", and step " + j + ", " + other.name()
                                + ", touch the same bytes, and nothing puts them in order.");
                    }
                }
            }
        }
        return hazards;
    }

    /** Returns for each step those that are done when it begins. */
    private static List<BitSet> before(List<Access> steps) {
        List<BitSet> before = new ArrayList<>();
        for (int j = 0; j < steps.size(); j++) {
            BitSet done = new BitSet();
            for (int i = 0; i < j; i++) {
                if (steps.get(i).lane() == steps.get(j).lane()
                        || steps.get(j).waits().contains(i)) {
                    done.set(i);
                    done.or(before.get(i));
                }
            }
            before.add(done);
        }
        return before;
    }

    private static boolean meet(List<Range> some, List<Range> others) {
        return some.stream().anyMatch(range -> others.stream().anyMatch(range::meets));
    }
}
