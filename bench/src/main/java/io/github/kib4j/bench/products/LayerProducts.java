package io.github.kib4j.bench.products;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Product;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;

/** The bare products of one layer; of the primitives that can compute one, the fastest is kept. */
public final class LayerProducts implements AutoCloseable {
    private final OneDnn oneDnn;
    private final LayerMemory arrays;
    private final Map<Product, Bound> fastest = new EnumMap<>(Product.class);
    private final List<Object> kept = new ArrayList<>();

    /** A primitive with its memory. */
    private record Bound(Primitive primitive, IntMemoryMap arguments) {}

    /**
     * Tries the primitives.
     *
     * @param oneDnn plans bare products
     * @param layer of the network; a readout is a linear layer
     * @param input shape of a sample
     * @param batch {@code B}
     * @param precision of activations
     * @param products of all layers
     */
    public LayerProducts(
            OneDnn oneDnn, LayerSpec layer, Shape input, int batch, Precision precision, List<Product> products) {
        this.oneDnn = oneDnn;
        Primitives primitives =
                new Primitives(oneDnn, precision == Precision.BF16 ? memory.data_type.bf16 : memory.data_type.f32);
        Map<Product, List<Primitive>> candidates = new EnumMap<>(Product.class);
        for (Product product : products) {
            List<Primitive> possible = layer.isConvolution()
                    ? primitives.convolution(
                            product, batch, input.extent(0), layer.units(), input.extent(1), layer.kernelSize())
                    : primitives.linear(product, batch, input.size(), layer.units());
            if (possible.isEmpty()) {
                throw new IllegalArgumentException(oneDnn.description() + " has no "
                        + precision.name().toLowerCase(java.util.Locale.ROOT) + " " + product.text()
                        + " on this processor.");
            }
            candidates.put(product, possible);
        }
        arrays = new LayerMemory(
                candidates.values().stream().flatMap(List::stream).toList());
        candidates.forEach((product, possible) -> fastest.put(product, fastestOf(possible)));
    }

    private Bound fastestOf(List<Primitive> possible) {
        List<Bound> bound = possible.stream().map(this::bind).toList();
        if (bound.size() == 1) {
            return bound.get(0);
        }
        Bound best = bound.get(0);
        long least = Long.MAX_VALUE;
        for (Bound candidate : bound) {
            run(candidate);
            long start = System.nanoTime();
            run(candidate);
            long taken = System.nanoTime() - start;
            if (taken < least) {
                least = taken;
                best = candidate;
            }
        }
        return best;
    }

    private Bound bind(Primitive primitive) {
        IntMemoryMap arguments = new IntMemoryMap();
        primitive.arguments().forEach((index, argument) -> {
            memory bound = new memory(argument.desc(), oneDnn.cpu, arrays.at(argument.role()));
            kept.add(bound);
            arguments.put(index, bound);
        });
        return new Bound(primitive, arguments);
    }

    private void run(Bound bound) {
        bound.primitive().computation().execute(oneDnn.queue, bound.arguments());
    }

    /**
     * Computes a product.
     *
     * @param product the layer's product
     */
    public void run(Product product) {
        run(chosen(product));
    }

    /**
     * {@return whether the product was asked for}
     *
     * @param product the layer's product
     */
    public boolean has(Product product) {
        return fastest.containsKey(product);
    }

    /**
     * {@return which primitive was the fastest}
     *
     * @param product the layer's product
     */
    public String how(Product product) {
        return chosen(product).primitive().how();
    }

    private Bound chosen(Product product) {
        Bound bound = fastest.get(product);
        if (bound == null) {
            throw new IllegalArgumentException("The " + product.text() + " was not asked for.");
        }
        return bound;
    }

    @Override
    public void close() {
        kept.clear();
        arrays.close();
    }
}
