package io.github.kib4j.rule;

import io.github.kib4j.layer.Buffers;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.Signature;

/** A learning rule. Immutable: what a run needs is in its {@link StepContext}. */
public interface Rule {
    /** {@return the name users type, for example {@code phsic}} */
    String name();

    /**
     * {@return all that decides bits, as far as the rule says it: of one that does not, its name and that of its class, so that
     * a checkpoint is not gone on from by another rule}
     */
    default Signature signature() {
        return Signature.of(name()).with("class", Signature.ofClass(this));
    }

    /** {@return whether each hidden layer has a loss of its own, to be reported} */
    boolean hasLocalLosses();

    /** {@return how long a step needs what layers compute: {@code LAYER} where no gradient crosses layers} */
    default Buffers.Lifetime lifetime() {
        return Buffers.Lifetime.LAYER;
    }

    /**
     * Hands the network's parameters to the optimizers that update them. Called once, before any plan.
     *
     * @param network what learns
     * @param optimizers receive the parameters that this rule changes
     */
    void register(Network network, Optimizers optimizers);

    /**
     * Plans a training step for a batch's size.
     *
     * @param context what a step is planned with
     * @return the planned step
     */
    StepPlan plan(StepContext context);
}
