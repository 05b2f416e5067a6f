package io.github.kib4j.bench.operations;

import io.github.kib4j.bench.products.Product;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.util.List;
import java.util.function.ToLongFunction;

/** What an operation cannot be faster than. */
sealed interface Bound {
    /** Memory: so many bytes must be read and written. */
    record Memory(ToLongFunction<DataType> bytes) implements Bound {}

    /** oneDNN's bare primitives of these products of a layer. */
    record Products(LayerSpec layer, Shape input, int batch, List<Product> products) implements Bound {
        /** Returns their floating-point operations, two for a multiplication with its addition. */
        long operations() {
            long positions = layer.preActivation(input).size() / layer.units();
            return 2L
                    * products.size()
                    * batch
                    * positions
                    * layer.weight(input).size();
        }
    }
}
