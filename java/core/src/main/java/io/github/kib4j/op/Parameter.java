package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A learned array.
 *
 * @param name its name in checkpoints, for example {@code hidden_layers.0.layer.weight}
 * @param stored its shape in checkpoints: that of the value, but for a linear layer {@code N x D}
 * @param value F32
 * @param rounded the value in the precision of activations, for products; null where that is F32. The optimizer renews it with
 *     each step; who else changes the value renews it too
 */
public record Parameter(
        String name, Shape stored, Tensor value, @Nullable Tensor rounded) {
    /**
     * {@return a new parameter that products do not read}
     *
     * @param scope its owner
     * @param name its name in checkpoints
     * @param shape of its value
     */
    public static Parameter vector(Scope scope, String name, Shape shape) {
        return new Parameter(name, shape, scope.allocate(DataType.F32, shape), null);
    }

    /**
     * {@return a new weight matrix or filter bank}
     *
     * @param scope its owner
     * @param name its name in checkpoints
     * @param stored its shape in checkpoints
     * @param shape of its value
     * @param precision of products
     */
    public static Parameter weight(Scope scope, String name, Shape stored, Shape shape, Precision precision) {
        return new Parameter(
                name,
                stored,
                scope.allocate(DataType.F32, shape),
                precision == Precision.F32 ? null : scope.allocate(precision.activations(), shape));
    }

    /** {@return what products read} */
    public Tensor operand() {
        return rounded == null ? value : rounded;
    }

    /**
     * Rounds values for products anew: to be called when others than the optimizers have changed them.
     *
     * @param device of the parameters
     * @param parameters what was changed
     */
    public static void renewRounded(Device device, List<Parameter> parameters) {
        device.run(parameters.stream()
                .filter(parameter -> parameter.rounded != null)
                .map(parameter -> device.optimizer().round(Objects.requireNonNull(parameter.rounded), parameter.value))
                .toArray(Operation[]::new));
    }
}
