package io.github.kib4j.rule;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a training step is planned with.
 *
 * @param workspace memory of what the step computes
 * @param gradients of the parameters, in the workspace
 * @param x input {@code [B, ...]}
 * @param labels {@code [B]}, I32, or of mixed images shares of classes {@code [B, M]}, F32
 * @param smoothing of labels, where cross-entropy compares with them
 * @param weights of classes in the readout's cross-entropy {@code [M]}, F32; null for none
 * @param order {@code [samples]}, I32: the epoch's order
 * @param clock where the run stands
 * @param sums F64, one slot for each hidden layer's loss, then the readout's loss, then correct answers
 * @param exchange adds up what several devices know of one batch
 */
public record StepContext(
        Workspace workspace,
        Gradients gradients,
        Tensor x,
        Tensor labels,
        double smoothing,
        @Nullable Tensor weights,
        Tensor order,
        Clock clock,
        Tensor sums,
        Exchange exchange) {

    /**
     * {@return the meter of hidden layer {@code index}}
     *
     * @param index number of the hidden layer, from 0
     */
    public Meter localMeter(int index) {
        return new Meter(sums, index, clock);
    }

    /** {@return the meter of the readout, which follows those of the hidden layers} */
    public Meter readoutMeter() {
        int correct = Math.toIntExact(sums.shape().size()) - 1;
        return new Meter(sums, correct - 1, correct, clock);
    }
}
