package io.github.kib4j.examples;

import io.github.kib4j.experiment.RuleProvider;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A rule of one's own, as a plugin: {@code kib --plugin kib4j-examples.jar train --rule local-errors}. Random weights {@code B} that
 * never change read each hidden layer's activity {@code z [B, N]}, and the layer descends the cross-entropy of what they read: {@code
 * dz = (softmax(z B') - y) B} (Mostafa, Ramesh and Cauwenberghs, 2018). No error crosses a layer.
 */
public final class LocalErrors implements RuleProvider {
    /** Creates the provider, as services are. */
    public LocalErrors() {}

    @Override
    public String name() {
        return "local-errors";
    }

    @Override
    public Rule rule(Request request) {
        return request.local(new Kind(request.classes()));
    }

    private record Kind(int classes) implements Objective.Kind {
        @Override
        public boolean seesActivity() {
            return true;
        }

        @Override
        public Objective bind(Objective.Place place) {
            String name = "local_errors." + place.layer() + ".weight";
            Shape stored = Shape.of(classes, Math.toIntExact(place.code().size()));
            Shape shape = place.code().prepend(classes);
            return new Reader(place, Parameter.weight(place.scope(), name, stored, shape, place.precision()));
        }
    }

    private record Reader(Objective.Place place, Parameter random) implements Objective {
        @Override
        public boolean isMeanOfSamples() {
            return true;
        }

        @Override
        public List<Parameter> fixed() {
            return List.of(random);
        }

        @Override
        public void initialize() {
            double bound = 1 / Math.sqrt(place.code().size());
            Device device = place.device();
            device.run(device.random().uniform(random.value(), bound, place.seed(), (1 << 16) + place.layer()));
            Parameter.renewRounded(device, fixed());
        }

        @Override
        public Planned plan(
                Workspace workspace,
                Gradients gradients,
                Tensor z,
                Teaching teaching,
                Exchange exchange,
                @Nullable Meter meter) {
            Device device = place.device();
            Shape outputs = Shape.of(z.shape().extent(0), random.value().shape().extent(0));
            Tensor read = workspace.tensor(DataType.F32, outputs);
            Tensor error = workspace.tensor(z.type(), outputs);
            Tensor dz = workspace.tensor(z.type(), z.shape());
            List<Operation> operations = List.of(
                    device.product().forward(read, z, random.operand(), null, Geometry.LINEAR),
                    device.readout().crossEntropy(error, read, teaching.tensor(), meter),
                    device.product().dataGradient(dz, error, random.operand(), Geometry.LINEAR));
            return new Planned(operations, dz);
        }
    }
}
