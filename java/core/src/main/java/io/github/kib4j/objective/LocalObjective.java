package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The local objective {@code dep(K, K) - gamma dep(L, K)} (docs/mathematics.md, section 3). It keeps nothing.
 *
 * @param spec estimator, kernel on codes, centring, gamma
 * @param form how its gradient is computed
 */
public record LocalObjective(ObjectiveOps.Spec spec, ObjectiveOps.Form form) implements Objective.Kind {
    /**
     * {@return the objective with the cheaper form of the gradient}
     *
     * @param spec the objective
     */
    public static LocalObjective of(ObjectiveOps.Spec spec) {
        return new LocalObjective(spec, ObjectiveOps.Form.AUTO);
    }

    @Override
    public Objective bind(Objective.Place place) {
        return (workspace, gradients, u, teaching, exchange, meter) ->
                plan(place.device(), workspace, u, teaching, exchange, meter);
    }

    @Override
    public Optional<Comparison> comparison() {
        return Optional.of(new Comparison(spec.kernel(), spec.centred()));
    }

    @Override
    public Signature signature() {
        return spec.signature().with("form", form);
    }

    private Objective.Planned plan(
            Device device, Workspace workspace, Tensor u, Teaching teaching, Exchange exchange, @Nullable Meter meter) {
        if (exchange.size() > 1 && teaching instanceof Teaching.Similarity) {
            throw new RefusedException(
                    "A similarity is given for the samples of one device, and says nothing of pairs of"
                            + " two; learn on one device, or teach by labels or target vectors.");
        }
        Tensor du = workspace.tensor(u.type(), u.shape());
        Tensor value = workspace.tensor(DataType.F64, Shape.of(3));
        List<Operation> operations = new ArrayList<>();
        if (exchange.size() == 1) {
            operations.add(device.objective().gradient(du, value, u, teaching, spec, form, meter));
        } else {
            ObjectiveOps.Statistics statistics = statistics(workspace, u.shape().rowSize(), teaching);
            operations.add(device.objective().codeStatistics(statistics, u, teaching, spec));
            exchange.sum(statistics.tensors()).ifPresent(operations::add);
            operations.add(device.objective().gradientFromStatistics(du, value, u, teaching, statistics, spec, meter));
        }
        return new Objective.Planned(operations, du);
    }

    private static ObjectiveOps.Statistics statistics(Workspace workspace, int g, Teaching teaching) {
        int m = Math.max(1, teaching.outputs());
        return new ObjectiveOps.Statistics(
                workspace.tensor(DataType.F64, Shape.of(1)),
                workspace.tensor(DataType.F64, Shape.of(g)),
                workspace.tensor(DataType.F64, Shape.of(g, g)),
                workspace.tensor(DataType.F64, Shape.of(m, g)),
                workspace.tensor(DataType.F64, Shape.of(m)),
                teaching instanceof Teaching.Targets ? workspace.tensor(DataType.F64, Shape.of(m, m)) : null);
    }
}
