package io.github.kib4j.objective;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What layers are taught by: class labels, target vectors, or any pairwise similarity. A rule never needs to know classes,
 * only how similar the wanted outputs are.
 */
public interface TeachingSignal {
    /** A teaching signal on a device. */
    interface Resident {
        /**
         * Called when an epoch begins, and when one goes on that was stopped in between, with the order of its samples. Labels
         * need nothing.
         *
         * @param order of its samples: view {@code v} of image {@code i} of {@code n} is {@code i + v n}
         */
        default void startEpoch(int[] order) {}

        /**
         * Plans a batch's part.
         *
         * @param workspace memory of the batch's part
         * @param labels {@code [B]}, I32: the batch's class labels; where the signal {@linkplain #isOfClasses is of classes} also shares
         *     of classes {@code [B, M]}, F32, of mixed images
         * @param order {@code [count]}, I32: the epoch's order
         * @param clock gives the batch's position in it
         * @return what the objective reads, and what puts it there
         */
        Batch batch(Workspace workspace, Tensor labels, Tensor order, Clock clock);
    }

    /**
     * A batch's part.
     *
     * @param operations gather it
     * @param teaching what the objective reads
     */
    record Batch(List<Operation> operations, Teaching teaching) {}

    /**
     * Makes room for the signal on a device.
     *
     * @param device where layers learn
     * @param scope owner of what stays there
     * @param set what is trained on
     * @return the signal there
     */
    Resident reside(Device device, Scope scope, TrainingSet set);

    /** {@return {@code M}: classes, or entries of a target vector; 0 where there are none} */
    default int outputs() {
        return 0;
    }

    /** {@return whether it is how similar classes are, so that shares of several classes can be taught as well} */
    default boolean isOfClasses() {
        return false;
    }

    /** {@return whether it is made of labels, so that there must be some} */
    default boolean needsLabels() {
        return isOfClasses();
    }

    /** {@return how it compares the one-hot vectors of class labels; empty where it does not} */
    default Optional<Comparison> ofLabels() {
        return Optional.empty();
    }

    /**
     * {@return all that decides bits, as far as the signal says it: of one that does not, the name of its class, so that a
     * checkpoint is not gone on from with a signal of another class}
     */
    default Signature signature() {
        return Signature.ofClass(this);
    }
}
