package io.github.kib4j.rule;

import io.github.kib4j.layer.Buffers;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Meter;
import io.github.kib4j.tensor.Tensor;

/**
 * What a training step is planned with.
 *
 * @param x input {@code [B, ...]}
 * @param labels {@code [B]}, I32
 * @param sums F64, one slot for each hidden layer's loss, then the readout's loss, then correct answers
 */
public record StepContext(
        Network network,
        Buffers buffers,
        Tensor x,
        Tensor labels,
        Clock clock,
        Tensor sums,
        Optimizers optimizers,
        GradientHook hook) {

    /**
     * {@return the meter of hidden layer {@code index}}
     *
     * @param index number of the hidden layer, from 0
     */
    public Meter localMeter(int index) {
        return new Meter(sums, index, clock);
    }

    /** {@return the meter of the readout} */
    public Meter readoutMeter() {
        return new Meter(sums, network.hidden().size(), clock);
    }
}
