package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;

/**
 * Where an operation that computes a batch's loss adds it up: {@code sums[slot] += B loss}. A loss that is not finite sets the
 * clock's fault to (step + 1, slot), if it is not set yet.
 *
 * @param sums F64
 * @param slot index into {@code sums}
 * @param correct index into {@code sums} at which a readout counts right answers; {@link #NOWHERE} for no counting
 */
public record Meter(Tensor sums, int slot, int correct, Clock clock) {
    /** No index. */
    public static final int NOWHERE = -1;

    /**
     * Adds losses up, and counts nothing.
     *
     * @param sums F64
     * @param slot index into {@code sums}
     * @param clock tells the step, and keeps the fault
     */
    public Meter(Tensor sums, int slot, Clock clock) {
        this(sums, slot, NOWHERE, clock);
    }
}
