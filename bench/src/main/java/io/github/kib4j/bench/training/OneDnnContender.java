package io.github.kib4j.bench.training;

import io.github.kib4j.bench.Workload;
import io.github.kib4j.bench.products.LayerProducts;
import io.github.kib4j.bench.products.OneDnn;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Product;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * The bound: a training step's matrix products and convolutions alone, as oneDNN's bare primitives. Without data gradients (which
 * no local rule has) it is the local rules' bound; its phases tell both.
 */
public final class OneDnnContender implements Contender {
    static final String NAME = "onednn";
    /** The phase that local rules do without. */
    static final String DATA_GRADIENT = Product.DATA_GRADIENT.text();

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Session open(Workload workload, int threads, int images) {
        return new ProductsSession(workload);
    }

    private static final class ProductsSession implements Session {
        private final OneDnn oneDnn = new OneDnn();
        private final List<LayerProducts> layers = new ArrayList<>();
        private final long[] nanoseconds = new long[Product.values().length];

        ProductsSession(Workload workload) {
            NetworkSpec network = workload.networkSpec();
            List<LayerSpec> specs = new ArrayList<>(network.hidden());
            specs.add(LayerSpec.linear(network.outputs()));
            List<Shape> shapes = network.shapes();
            for (int i = 0; i < specs.size(); i++) {
                List<Product> products = Arrays.stream(Product.values())
                        .limit(workload.isBackprop() && i > 0 ? 3 : 2)
                        .toList();
                layers.add(new LayerProducts(
                        oneDnn, specs.get(i), shapes.get(i), workload.batch(), workload.precision(), products));
            }
        }

        @Override
        public long train(BooleanSupplier goOn) {
            long steps = 0;
            do {
                step();
                steps++;
            } while (goOn.getAsBoolean());
            return steps;
        }

        private void step() {
            long before = System.nanoTime();
            layers.forEach(layer -> layer.run(Product.FORWARD));
            before = add(Product.FORWARD, before);
            for (int i = layers.size() - 1; i >= 0; i--) {
                layers.get(i).run(Product.WEIGHT_GRADIENT);
                before = add(Product.WEIGHT_GRADIENT, before);
                if (layers.get(i).has(Product.DATA_GRADIENT)) {
                    layers.get(i).run(Product.DATA_GRADIENT);
                    before = add(Product.DATA_GRADIENT, before);
                }
            }
        }

        private long add(Product product, long before) {
            long now = System.nanoTime();
            nanoseconds[product.ordinal()] += now - before;
            return now;
        }

        @Override
        public Map<String, Double> phaseSeconds() {
            Map<String, Double> seconds = new LinkedHashMap<>();
            for (Product product : Product.values()) {
                seconds.put(product.text(), nanoseconds[product.ordinal()] * 1e-9);
            }
            return seconds;
        }

        @Override
        public String description() {
            return oneDnn.description();
        }

        @Override
        public void close() {
            layers.forEach(LayerProducts::close);
            oneDnn.close();
        }
    }
}
