package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one hidden layer learns to do with its codes, given what they should be like. It sees codes and teaching, never a layer. */
public interface Objective {
    /** A kind of objective, of which each layer gets its own. */
    interface Kind {
        /**
         * {@return the objective of a layer}
         *
         * @param place where the layer is, and what it sends to its objective
         */
        Objective bind(Place place);

        /**
         * {@return whether it sees activities {@code z [B, ...]}, as they are before divisive normalization, also where the layer groups
         * them to codes}
         */
        default boolean seesActivity() {
            return false;
        }

        /** {@return how it compares codes; empty where it compares none} */
        default Optional<Comparison> comparison() {
            return Optional.empty();
        }

        /** {@return the fewest samples that it learns from at once} */
        default int leastBatch() {
            return 2;
        }

        /**
         * Refuses a network of a number of hidden layers that it has no objectives for; most kinds have one for any.
         *
         * @param count of hidden layers
         * @throws io.github.kib4j.tensor.RefusedException saying how many there are to be
         */
        default void requireLayers(int count) {}

        /** {@return all that decides bits; of a kind that does not say it, the name of its class} */
        default Signature signature() {
            return Signature.ofClass(this);
        }
    }

    /**
     * Where an objective's layer is.
     *
     * @param device where it computes
     * @param scope owner of what the objective keeps from step to step
     * @param layer number of the hidden layer, from 0
     * @param code shape of what it sees of a sample: the code, or the activity
     * @param grouping the layer's groups; null for none
     * @param precision of products
     * @param seed key of the random numbers that it begins with
     * @param teaching what the layer is taught by
     */
    record Place(
            Device device,
            Scope scope,
            int layer,
            Shape code,
            @Nullable Grouping grouping,
            Precision precision,
            long seed,
            TeachingSignal teaching) {
        /** Returns the same place, of an objective that sees other codes. */
        Place withCode(Shape other) {
            return new Place(device, scope, layer, other, grouping, precision, seed, teaching);
        }
    }

    /**
     * {@return whether its loss is a mean over a device's own samples, so that several devices take the mean of gradients, and not an
     * estimate of the whole batch, of which each device has a summand}
     */
    default boolean isMeanOfSamples() {
        return false;
    }

    /** {@return what it learns itself, by the layer's optimizer; most objectives nothing} */
    default List<Parameter> parameters() {
        return List.of();
    }

    /** {@return what weights it has that never change: a part of checkpoints} */
    default List<Parameter> fixed() {
        return List.of();
    }

    /** Gives what it learns and keeps its first values. Called once, before anything is computed. */
    default void initialize() {}

    /** {@return what else it keeps from step to step, by name: a part of checkpoints} */
    default Map<String, Tensor> kept() {
        return Map.of();
    }

    /**
     * A planned gradient.
     *
     * @param operations compute it, in order
     * @param du the third factor, like the code
     */
    record Planned(List<Operation> operations, Tensor du) {}

    /**
     * Plans the gradient of a batch.
     *
     * @param workspace memory of what is computed
     * @param gradients receive those of the objective's own parameters
     * @param code {@code [B, G]}, or {@code [B, ...]} without grouping, or activity
     * @param teaching what the layer is taught by
     * @param exchange adds up what several devices know of one batch
     * @param meter null to add up nothing
     * @return the operations, and the tensor that they leave the gradient in
     */
    Planned plan(
            Workspace workspace,
            Gradients gradients,
            Tensor code,
            Teaching teaching,
            Exchange exchange,
            @Nullable Meter meter);
}
