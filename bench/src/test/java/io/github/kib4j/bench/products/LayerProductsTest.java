package io.github.kib4j.bench.products;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Product;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LayerProductsTest {
    private static final List<Product> ALL = List.of(Product.values());

    @Test
    void everyProductOfBothKindsOfLayersRuns() {
        try (OneDnn oneDnn = new OneDnn();
                LayerProducts linear =
                        new LayerProducts(oneDnn, LayerSpec.linear(24), Shape.of(40), 8, Precision.F32, ALL);
                LayerProducts convolution = new LayerProducts(
                        oneDnn, LayerSpec.convolution(32), Shape.of(3, 8, 8), 4, Precision.F32, ALL)) {
            for (Product product : ALL) {
                linear.run(product);
                convolution.run(product);
                assertThat(linear.how(product)).containsAnyOf("inner product", "matrix product");
                assertThat(convolution.how(product)).startsWith("convolution");
            }
        }
    }

    @Test
    void whatWasNotAskedForIsRefused() {
        try (OneDnn oneDnn = new OneDnn();
                LayerProducts products = new LayerProducts(
                        oneDnn, LayerSpec.linear(8), Shape.of(8), 2, Precision.F32, List.of(Product.FORWARD))) {
            assertThat(products.has(Product.DATA_GRADIENT)).isFalse();
            assertThatThrownBy(() -> products.run(Product.DATA_GRADIENT))
                    .hasMessage("The data gradient was not asked for.");
        }
    }
}
