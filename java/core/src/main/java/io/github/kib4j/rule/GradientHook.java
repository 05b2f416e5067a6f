package io.github.kib4j.rule;

import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** A place between gradient and optimizer, for example for an all-reduce over several devices. */
@FunctionalInterface
public interface GradientHook {
    /** Plans nothing. */
    GradientHook NONE = gradients -> Optional.empty();

    /**
     * Plans what happens to these gradients before they update their parameters; empty for nothing.
     *
     * @param gradients of the parameters that are about to be updated
     * @return what to run between gradients and optimizer; empty for nothing
     */
    Optional<Operation> plan(List<Tensor> gradients);
}
