package io.github.kib4j.rule;

import io.github.kib4j.optimizer.Optimizer;

/**
 * The optimizers of a run.
 *
 * @param local updates hidden layers by local rules
 * @param readout updates the readout; with backprop, everything
 */
public record Optimizers(Optimizer local, Optimizer readout) {}
