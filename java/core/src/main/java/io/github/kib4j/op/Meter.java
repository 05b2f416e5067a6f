package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;

/**
 * Where an operation that computes a batch's loss adds it up: {@code sums[slot] += B loss}. A loss that is not finite sets the
 * clock's fault to (step + 1, slot), if it is not set yet.
 *
 * @param sums F64
 * @param slot index into {@code sums}
 */
public record Meter(Tensor sums, int slot, Clock clock) {}
