package io.github.kib4j.objective;

import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;

/**
 * What layers are taught by: class labels, target vectors, or any pairwise similarity. A rule never needs to know classes,
 * only how similar the wanted outputs are.
 */
public interface TeachingSignal {
    /** A teaching signal bound to a batch's buffers. */
    interface Bound {
        /** {@return what the objective reads} */
        Teaching teaching();

        /**
         * Called before each step with the batch's samples, for signals that the host provides. Labels need nothing.
         *
         * @param samples indices into the training set, one for each row of the batch
         */
        default void prepare(int[] samples) {}

        /** {@return whether {@link #prepare} does anything, so that callers can do without the indices} */
        default boolean needsSamples() {
            return false;
        }
    }

    /**
     * {@return all that decides bits, as far as the signal says it: of one that does not, the name of its class, so that a
     * checkpoint is not gone on from with a signal of another class}
     */
    default Signature signature() {
        return Signature.ofClass(this);
    }

    /**
     * Binds the signal to a batch.
     *
     * @param scope owner of its buffers
     * @param labels {@code [B]}, I32: the batch's class labels
     * @return the signal on these tensors
     */
    Bound bind(Scope scope, Tensor labels);
}
