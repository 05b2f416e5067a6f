package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * In which order a program's steps run. Those of one lane run one after the other; one that touches what a step of the other lane
 * wrote, or writes what it read, waits for it.
 */
final class StepOrder {
    static final int LANES = Lane.values().length;

    private final int[] lanes;
    /** For each step, and each lane: the last step of the lane that is known to be done when it begins; -1 for none. */
    private final int[][] known;

    private final List<Set<Integer>> waits;

    /** Orders steps; where a device has no lanes, all are one. */
    StepOrder(List<Step> steps, boolean hasLanes) {
        lanes = steps.stream()
                .mapToInt(step -> hasLanes ? step.lane().ordinal() : 0)
                .toArray();
        known = new int[lanes.length][];
        waits = steps.stream().<Set<Integer>>map(step -> new TreeSet<>()).toList();
        int[] latest = none();
        Map<Tensor, Integer> writers = new IdentityHashMap<>();
        Map<Tensor, int[]> readers = new IdentityHashMap<>();
        for (int i = 0; i < lanes.length; i++) {
            int before = latest[lanes[i]];
            known[i] = before < 0 ? none() : known[before].clone();
            known[i][lanes[i]] = before;
            // The latest first: what it waited for itself need not be waited for again.
            Set<Integer> needs = new TreeSet<>(Comparator.reverseOrder());
            Operation operation = steps.get(i).operation();
            for (Tensor tensor : operation.reads()) {
                needs.add(writers.getOrDefault(tensor, -1));
            }
            for (Tensor tensor : operation.writes()) {
                needs.add(writers.getOrDefault(tensor, -1));
                Arrays.stream(readers.getOrDefault(tensor, none())).forEach(needs::add);
            }
            for (int step : needs) {
                await(i, step);
            }
            for (Tensor tensor : operation.reads()) {
                readers.computeIfAbsent(tensor, t -> none())[lanes[i]] = i;
            }
            for (Tensor tensor : operation.writes()) {
                writers.put(tensor, i);
            }
            latest[lanes[i]] = i;
        }
    }

    private static int[] none() {
        int[] none = new int[LANES];
        Arrays.fill(none, -1);
        return none;
    }

    private void await(int i, int step) {
        if (step < 0 || step <= known[i][lanes[step]]) {
            return;
        }
        waits.get(i).add(step);
        for (int lane = 0; lane < LANES; lane++) {
            known[i][lane] = Math.max(known[i][lane], known[step][lane]);
        }
        known[i][lanes[step]] = step;
    }

    int lane(int step) {
        return lanes[step];
    }

    /** Returns the steps of the other lane that a step waits for. */
    Set<Integer> waits(int step) {
        return waits.get(step);
    }

    /** Returns whether all steps up to the last ones of each lane are done when a step begins. */
    boolean areDone(int[] last, int step) {
        for (int lane = 0; lane < LANES; lane++) {
            if (last[lane] > known[step][lane]) {
                return false;
            }
        }
        return true;
    }
}
