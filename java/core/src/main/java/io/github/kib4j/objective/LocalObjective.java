package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A local objective {@code dep(K, K) - gamma dep(L, K)} (docs/mathematics.md, section 3.6).
 *
 * @param spec estimator, kernel on codes, centring, gamma
 * @param form how its gradient is computed
 */
public record LocalObjective(ObjectiveOps.Spec spec, ObjectiveOps.Form form) {

    /**
     * {@return the objective with the cheaper form of the gradient}
     *
     * @param spec the objective
     */
    public static LocalObjective of(ObjectiveOps.Spec spec) {
        return new LocalObjective(spec, ObjectiveOps.Form.AUTO);
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        return spec.signature().with("form", form);
    }

    /**
     * A planned gradient.
     *
     * @param operation computes it
     * @param du the third factor, like the code
     * @param value {@code [3]}, F64: the objective, {@code dep(K, K)}, {@code dep(L, K)}
     */
    public record Planned(Operation operation, Tensor du, Tensor value) {}

    /**
     * Plans the gradient of a batch.
     *
     * @param device the device that computes
     * @param scope owner of the results
     * @param code {@code [B, G]}, or {@code [B, ...]} without grouping
     * @param teaching what the layer is taught by
     * @param meter null to add up nothing
     * @return the operation, and the tensor that it leaves the gradient in
     */
    public Planned plan(Device device, Scope scope, Tensor code, TeachingSignal.Bound teaching, @Nullable Meter meter) {
        Tensor du = scope.allocate(code.type(), code.shape());
        Tensor value = scope.allocate(DataType.F64, Shape.of(3));
        Operation operation = device.objective().gradient(du, value, code, teaching.teaching(), spec, form, meter);
        return new Planned(operation, du, value);
    }
}
