package io.github.kib4j.rule;

import io.github.kib4j.layer.Parameter;
import io.github.kib4j.optimizer.Optimizer;

/**
 * The optimizers of a run.
 *
 * @param local updates hidden layers by local rules
 * @param readout updates the readout; with backprop, everything
 */
public record Optimizers(Optimizer local, Optimizer readout) {
    static void add(Optimizer optimizer, Parameter parameter) {
        optimizer.add(parameter.name(), parameter.value(), parameter.gradient(), parameter.rounded());
    }
}
