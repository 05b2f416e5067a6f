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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Updates parameters, of which it keeps the state. */
public final class Optimizer {
    private final Device device;
    private final Scope scope;
    private final OptimizerSpec spec;
    private final Clock clock;
    private final Tensor learningRates;
    private final Map<String, State> states = new LinkedHashMap<>();

    /** A parameter's momentum, and second moment. */
    private record State(@Nullable Tensor first, @Nullable Tensor second) {}

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
    }

    /**
     * Adds a parameter, whose name is unique in this optimizer.
     *
     * @param parameter what is to be learned
     */
    public void add(Parameter parameter) {
        int count = spec.update().states();
        Shape shape = parameter.value().shape();
        State state = new State(
                count > 0 ? scope.allocate(DataType.F32, shape) : null,
                count > 1 ? scope.allocate(DataType.F32, shape) : null);
        if (states.put(parameter.name(), state) != null) {
            throw new IllegalArgumentException("The optimizer already has a parameter " + parameter.name() + ".");
        }
    }

    /**
     * Plans the update of parameters.
     *
     * @param parameters that were added
     * @param gradients of the step
     * @return the planned operation
     */
    public Operation step(List<Parameter> parameters, Gradients gradients) {
        return device.optimizer()
                .step(
                        spec.update(),
                        parameters.stream().map(p -> slot(p, gradients.of(p))).toList(),
                        learningRates,
                        clock);
    }

    private OptimizerOps.Slot slot(Parameter parameter, Tensor gradient) {
        State state = states.get(parameter.name());
        if (state == null) {
            throw new IllegalArgumentException("The optimizer has no parameter " + parameter.name() + ".");
        }
        return new OptimizerOps.Slot(parameter.value(), gradient, state.first(), state.second(), parameter.rounded());
    }

    /**
     * Sets the schedule's factors of the learning rate for an epoch.
     *
     * @param factors one for each step
     * @throws IllegalArgumentException if one is not finite, as a schedule of the caller's own may give it
     */
    public void setFactors(double... factors) {
        double[] rates = new double[factors.length];
        for (int i = 0; i < rates.length; i++) {
            if (!Double.isFinite(factors[i])) {
                throw new RefusedException(
                        "The schedule's factor of the learning rate must be finite, but is " + factors[i] + ".");
            }
            rates[i] = spec.learningRate() * factors[i];
        }
        learningRates.write(rates);
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
