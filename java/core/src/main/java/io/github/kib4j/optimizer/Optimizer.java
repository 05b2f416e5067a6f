package io.github.kib4j.optimizer;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Updates parameters, of which it keeps the state. */
public final class Optimizer {
    private final Device device;
    private final Scope scope;
    private final OptimizerSpec spec;
    private final Clock clock;
    private final Tensor learningRates;
    private final @Nullable Tensor muonRates;
    private final Map<String, State> states = new LinkedHashMap<>();

    /** A parameter's momentum, and second moment; and whether its momentum is orthogonalised. */
    private record State(@Nullable Tensor first, @Nullable Tensor second, boolean orthogonal) {}

    /**
     * Creates an optimizer without parameters.
     *
     * @param device where parameters live
     * @param scope owner of the optimizer's state
     * @param spec update and learning rate
     * @param clock the run's clock
     * @param steps of an epoch, each of which has a learning rate
     */
    public Optimizer(Device device, Scope scope, OptimizerSpec spec, Clock clock, int steps) {
        this.device = device;
        this.scope = scope;
        this.spec = spec;
        this.clock = clock;
        learningRates = scope.allocate(DataType.F64, Shape.of(steps));
        muonRates = spec.muonRate() > 0 ? scope.allocate(DataType.F64, Shape.of(steps)) : null;
    }

    /**
     * Adds a parameter, whose name is unique in this optimizer.
     *
     * @param parameter what is to be learned
     */
    public void add(Parameter parameter) {
        int count = spec.update().states();
        Shape shape = parameter.value().shape();
        add(
                parameter,
                new State(
                        count > 0 ? scope.allocate(DataType.F32, shape) : null,
                        count > 1 ? scope.allocate(DataType.F32, shape) : null,
                        false));
    }

    /**
     * Adds a parameter of a hidden layer: its matrix is updated by orthogonalised momentum, where the optimizer has that.
     *
     * @param parameter what is to be learned
     */
    public void addHidden(Parameter parameter) {
        Shape shape = parameter.value().shape();
        if (muonRates != null && shape.rank() > 1) {
            add(parameter, new State(scope.allocate(DataType.F32, shape), null, true));
        } else {
            add(parameter);
        }
    }

    private void add(Parameter parameter, State state) {
        if (states.put(parameter.name(), state) != null) {
            throw new IllegalArgumentException("The optimizer already has a parameter " + parameter.name() + ".");
        }
    }

    /**
     * Plans the update of parameters.
     *
     * @param parameters that were added
     * @param gradients of the step
     * @return the planned operations, in order
     */
    public List<Operation> step(List<Parameter> parameters, Gradients gradients) {
        List<Operation> operations = new ArrayList<>();
        List<OptimizerOps.Slot> usual = new ArrayList<>();
        List<OptimizerOps.Slot> orthogonal = new ArrayList<>();
        for (Parameter parameter : parameters) {
            State state = states.get(parameter.name());
            if (state == null) {
                throw new IllegalArgumentException("The optimizer has no parameter " + parameter.name() + ".");
            }
            Tensor gradient = gradients.of(parameter);
            if (state.orthogonal()) {
                Tensor momentum = Objects.requireNonNull(state.first());
                Orthogonal.Planned planned = Orthogonal.plan(device, gradients.workspace(), momentum, gradient, clock);
                operations.addAll(planned.operations());
                orthogonal.add(
                        new OptimizerOps.Slot(parameter.value(), planned.direction(), null, null, parameter.rounded()));
            } else {
                usual.add(new OptimizerOps.Slot(
                        parameter.value(), gradient, state.first(), state.second(), parameter.rounded()));
            }
        }
        if (!usual.isEmpty()) {
            operations.add(device.optimizer().step(spec.update(), usual, learningRates, clock));
        }
        if (muonRates != null && !orthogonal.isEmpty()) {
            OptimizerOps.Spec decayed = new OptimizerOps.Sgd(0, spec.update().weightDecay());
            operations.add(device.optimizer().step(decayed, orthogonal, muonRates, clock));
        }
        return operations;
    }

    /**
     * Sets the schedule's factors of the learning rate for an epoch.
     *
     * @param factors one for each step
     * @throws IllegalArgumentException if one is not finite, as a schedule of the caller's own may give it
     */
    public void setFactors(double... factors) {
        for (int i = 0; i < factors.length; i++) {
            if (!Double.isFinite(factors[i])) {
                throw new RefusedException(
                        "The schedule's factor of the learning rate must be finite, but is " + factors[i] + ".");
            }
        }
        learningRates.write(times(spec.learningRate(), factors));
        if (muonRates != null) {
            muonRates.write(times(spec.muonRate(), factors));
        }
    }

    private static double[] times(double rate, double... factors) {
        return Arrays.stream(factors).map(factor -> rate * factor).toArray();
    }

    /** {@return the state by name: {@code NAME.first}, {@code NAME.second}} */
    public Map<String, Tensor> state() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        states.forEach((name, state) -> {
            putIfPresent(all, name + ".first", state.first());
            putIfPresent(all, name + ".second", state.second());
        });
        return all;
    }

    private static void putIfPresent(Map<String, Tensor> state, String name, @Nullable Tensor tensor) {
        if (tensor != null) {
            state.put(name, tensor);
        }
    }
}
