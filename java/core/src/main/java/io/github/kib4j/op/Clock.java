package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;

/**
 * The numbers of a training run that change from step to step and live in device memory, so that a step can be planned once.
 *
 * @param now {@code [4]}, I64: training steps done, epochs done, first position of the next batch in the epoch's order, steps
 *     done in this epoch
 * @param fault {@code [2]}, I64: of the first loss that was not finite: (step + 1, slot); (0, 0) while there was none. Sticky:
 *     once set, optimizers do nothing
 */
public record Clock(Tensor now, Tensor fault) {
    /** Index of the training steps done in {@link #now}. */
    public static final int STEP = 0;
    /** Index of the epochs done in {@link #now}. */
    public static final int EPOCH = 1;
    /** Index of the next batch's first position in {@link #now}. */
    public static final int POSITION = 2;
    /** Index of the steps done in this epoch in {@link #now}. */
    public static final int EPOCH_STEP = 3;
    /** How many numbers {@link #now} has. */
    public static final int SIZE = 4;

    /**
     * Allocates a clock at step 0.
     *
     * @param scope owner of the clock's numbers
     * @return the clock
     */
    public static Clock allocate(Scope scope) {
        return new Clock(scope.allocate(DataType.I64, Shape.of(SIZE)), scope.allocate(DataType.I64, Shape.of(2)));
    }
}
