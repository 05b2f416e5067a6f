package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Several devices that learn as one, each from its part of a batch: what they add up among them. A run of one device exchanges
 * nothing.
 */
public interface Exchange {
    /** One device alone. */
    Exchange NONE = new Exchange() {
        @Override
        public int rank() {
            return 0;
        }

        @Override
        public int size() {
            return 1;
        }

        @Override
        public Optional<Operation> sum(List<Tensor> tensors) {
            return Optional.empty();
        }

        @Override
        public Optional<Operation> mean(List<Tensor> tensors) {
            return Optional.empty();
        }
    };

    /** {@return which of the devices this one is, from 0} */
    int rank();

    /** {@return how many devices there are} */
    int size();

    /**
     * Plans the sum over all devices, element by element, which each then has in these tensors: of statistics, of gradients of
     * objectives that see the whole batch by them, of what meters added up.
     *
     * @param tensors floating, of the same shapes on each device
     * @return the operation; empty if there is nothing to do
     */
    Optional<Operation> sum(List<Tensor> tensors);

    /**
     * Plans the mean over all devices: of gradients of losses that are means over each device's own part of the batch.
     *
     * @param tensors floating, of the same shapes on each device
     * @return the operation; empty if there is nothing to do
     */
    Optional<Operation> mean(List<Tensor> tensors);

    /**
     * Ends the others' waiting for this device, whose run has failed and adds nothing any more: they fail too, instead of waiting for
     * ever. A loss that is not finite is known at first to its own device alone.
     */
    default void abort() {}
}
