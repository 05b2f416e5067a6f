package io.github.kib4j.testkit;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.util.List;
import java.util.function.ToLongFunction;

/** What an operation cannot be faster than. */
public sealed interface SpeedLimit {
    /**
     * Memory: so many bytes must be read and written.
     *
     * @param bytes for a type of activations
     */
    record Memory(ToLongFunction<DataType> bytes) implements SpeedLimit {}

    /**
     * A library's bare products of a layer.
     *
     * @param layer of a network; a readout is a linear layer
     * @param input shape of a sample
     * @param batch {@code B}
     * @param products of the layer, one after the other
     */
    record Products(LayerSpec layer, Shape input, int batch, List<Product> products) implements SpeedLimit {
        /** {@return the floating-point operations, two for a multiplication with its addition} */
        public long operations() {
            long positions = layer.preActivation(input).size() / layer.units();
            return 2L
                    * products.size()
                    * batch
                    * positions
                    * layer.weight(input).size();
        }
    }
}
