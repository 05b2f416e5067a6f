package io.github.kib4j.rule;

import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** A rule with a network to teach: all that it keeps from step to step is here. */
public interface BoundRule {
    /** {@return what weights it has beside the network's, learned or fixed: their rounded copies are renewed where values are read} */
    default List<Parameter> parameters() {
        return List.of();
    }

    /** Gives what it keeps its first values. Called once, before anything is computed; not where a run is only planned. */
    default void initialize() {}

    /** {@return what it keeps beside the network and the optimizers' state, by name: a part of checkpoints} */
    default Map<String, Tensor> kept() {
        return Map.of();
    }

    /**
     * Called when an epoch begins, and when one goes on that was stopped in between, with the order of its samples.
     *
     * @param order of its samples: view {@code v} of image {@code i} of {@code n} is {@code i + v n}
     */
    default void startEpoch(int[] order) {}

    /**
     * Plans a training step for a batch's size.
     *
     * @param context what a step is planned with
     * @return the steps, in order
     */
    List<Step> plan(StepContext context);
}
