package io.github.kib4j.optimizer;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
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
    private final Tensor learningRate;
    private final Map<String, OptimizerOps.Slot> slots = new LinkedHashMap<>();

    /**
     * Creates an optimizer without parameters.
     *
     * @param device where parameters live
     * @param scope owner of the optimizer's state
     * @param spec update and learning rate
     * @param clock the run's clock
     */
    public Optimizer(Device device, Scope scope, OptimizerSpec spec, Clock clock) {
        this.device = device;
        this.scope = scope;
        this.spec = spec;
        this.clock = clock;
        learningRate = scope.allocate(DataType.F64, Shape.of(1));
        setFactor(1);
    }

    /**
     * Adds a parameter under a name that is unique in this optimizer.
     *
     * @param name the parameter's name in checkpoints
     * @param value the parameter
     * @param gradient its gradient
     * @param rounded receives the value rounded, with each step; null for none
     */
    public void add(String name, Tensor value, Tensor gradient, @Nullable Tensor rounded) {
        int states = spec.update().states();
        Tensor first = states > 0 ? scope.allocate(DataType.F32, value.shape()) : null;
        Tensor second = states > 1 ? scope.allocate(DataType.F32, value.shape()) : null;
        if (slots.put(name, new OptimizerOps.Slot(value, gradient, first, second, rounded)) != null) {
            throw new IllegalArgumentException("The optimizer already has a parameter " + name + ".");
        }
    }

    /**
     * Plans the update of the parameters with these names.
     *
     * @param names of the parameters to update
     * @return the planned operation
     */
    public Operation step(List<String> names) {
        List<OptimizerOps.Slot> chosen = new ArrayList<>();
        for (String name : names) {
            OptimizerOps.Slot slot = slots.get(name);
            if (slot == null) {
                throw new IllegalArgumentException("The optimizer has no parameter " + name + ".");
            }
            chosen.add(slot);
        }
        return device.optimizer().step(spec.update(), chosen, learningRate, clock);
    }

    /**
     * Sets the schedule's factor of the learning rate for the next steps.
     *
     * @param factor of the learning rate
     * @throws IllegalArgumentException if it is not finite, as a schedule of the caller's own may give it
     */
    public void setFactor(double factor) {
        if (!Double.isFinite(factor)) {
            throw new RefusedException(
                    "The schedule's factor of the learning rate must be finite, but is " + factor + ".");
        }
        learningRate.write(new double[] {spec.learningRate() * factor});
    }

    /** {@return the state by name: {@code NAME.first}, {@code NAME.second}} */
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        slots.forEach((name, slot) -> {
            putIfPresent(state, name + ".first", slot.first());
            putIfPresent(state, name + ".second", slot.second());
        });
        return state;
    }

    private static void putIfPresent(Map<String, Tensor> state, String name, @Nullable Tensor tensor) {
        if (tensor != null) {
            state.put(name, tensor);
        }
    }
}
