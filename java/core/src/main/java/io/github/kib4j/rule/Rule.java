package io.github.kib4j.rule;

import io.github.kib4j.layer.Network;
import io.github.kib4j.objective.Comparison;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.Scope;
import java.util.Optional;

/** A learning rule. Immutable: what a run needs is in its {@link BoundRule}. */
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

    /** {@return whether it teaches hidden layers by labels, so that there must be some} */
    default boolean needsLabels() {
        return true;
    }

    /** {@return how it compares codes; empty where it does not} */
    default Optional<Comparison> codes() {
        return Optional.empty();
    }

    /** {@return how it compares class labels; empty where it does not} */
    default Optional<Comparison> labels() {
        return Optional.empty();
    }

    /** {@return the fewest samples that it learns from at once: 2 where samples are compared with each other} */
    default int leastBatch() {
        return 2;
    }

    /**
     * Makes the rule that of a run: hands what it changes to the optimizers that update it, and makes room for what it keeps.
     *
     * @param network what learns
     * @param optimizers receive the parameters that this rule changes
     * @param scope owner of what the rule keeps
     * @param set what is trained on
     * @return the rule of the run
     */
    BoundRule bind(Network network, Optimizers optimizers, Scope scope, TrainingSet set);
}
