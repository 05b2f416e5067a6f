package io.github.kib4j.layer;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A learned array and its gradient.
 *
 * @param name its name in checkpoints, for example {@code hidden_layers.0.layer.weight}
 * @param stored its shape in checkpoints: that of the value, but for a linear layer {@code N x D}
 * @param value F32
 * @param gradient F32, like the value
 * @param rounded the value in the precision of activations, for products; null where that is F32. The optimizer renews it with
 *     each step; who else changes the value calls {@link Network#renewRounded}
 */
public record Parameter(
        String name,
        Shape stored,
        Tensor value,
        Tensor gradient,
        @Nullable Tensor rounded) {

    /** Allocates a parameter that products do not read. */
    static Parameter vector(Scope scope, String name, Shape shape) {
        return new Parameter(
                name, shape, scope.allocate(DataType.F32, shape), scope.allocate(DataType.F32, shape), null);
    }

    /** Allocates a weight matrix or filter bank. */
    static Parameter weight(Scope scope, String name, Shape stored, Shape shape, Precision precision) {
        return new Parameter(
                name,
                stored,
                scope.allocate(DataType.F32, shape),
                scope.allocate(DataType.F32, shape),
                precision == Precision.F32 ? null : scope.allocate(precision.activations(), shape));
    }

    /** Returns what products read. */
    Tensor operand() {
        return rounded == null ? value : rounded;
    }

    void renewRounded(Device device) {
        if (rounded != null) {
            device.optimizer().round(rounded, value).run();
        }
    }
}
