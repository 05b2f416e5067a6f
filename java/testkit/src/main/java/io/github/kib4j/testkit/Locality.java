package io.github.kib4j.testkit;

import io.github.kib4j.layer.Network;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether learning is local, as a fact of data flow: where what a layer's gradient is computed from comes from. The layer of a step
 * is the last one whose forward pass has begun before it; that of the readout comes after all hidden ones.
 */
public final class Locality {
    private final Network network;
    private final List<Operation> operations;
    private final List<Integer> layers = new ArrayList<>();

    /**
     * Looks at a training step.
     *
     * @param network that is trained
     * @param steps of one training step, in their order
     */
    public Locality(Network network, List<Step> steps) {
        this.network = network;
        operations = steps.stream().map(Step::operation).toList();
        int layer = -1;
        for (Operation operation : operations) {
            if (operation.name().endsWith(".forward")) {
                layer = Math.max(layer, weightsOf(operation));
            }
            layers.add(layer);
        }
    }

    /** Returns the layer whose weights a product reads; -1 for other operations. */
    private int weightsOf(Operation operation) {
        List<Parameter> weights = new ArrayList<>();
        network.hidden().forEach(hidden -> weights.add(hidden.parameters().get(0)));
        List<Parameter> readout = network.readout().parameters();
        weights.add(readout.get(readout.size() - 2)); // of the last layer that is read; behind it is the bias
        for (int layer = 0; layer < weights.size(); layer++) {
            if (operation.reads().contains(weights.get(layer).operand())) {
                return layer;
            }
        }
        return -1;
    }

    /**
     * Returns where the gradient of a hidden layer's weights comes from.
     *
     * @param layer number of the hidden layer, from 0
     * @return the layers whose steps wrote what it is computed from, directly or not; the readout's number is that of hidden layers
     */
    public Set<Integer> sources(int layer) {
        Parameter weight = network.hidden().get(layer).parameters().get(0);
        int update = lastWriter(weight.value(), operations.size());
        Tensor gradient = gradient(operations.get(update), weight);
        Set<Integer> steps = new LinkedHashSet<>();
        follow(lastWriter(gradient, update), steps);
        Set<Integer> sources = new TreeSet<>();
        steps.forEach(step -> sources.add(layers.get(step)));
        return sources;
    }

    /** Returns the gradient that an optimizer reads before the parameter that it changes. */
    private static Tensor gradient(Operation update, Parameter parameter) {
        return update.reads().get(update.reads().indexOf(parameter.value()) - 1);
    }

    private void follow(int step, Set<Integer> steps) {
        if (step >= 0 && steps.add(step)) {
            for (Tensor read : operations.get(step).reads()) {
                follow(lastWriter(read, step), steps);
            }
        }
    }

    /** Returns the last step before another that writes a tensor; -1 if it was written before this training step. */
    private int lastWriter(Tensor tensor, int before) {
        for (int i = before - 1; i >= 0; i--) {
            if (operations.get(i).writes().stream().anyMatch(written -> written == tensor)) {
                return i;
            }
        }
        return -1;
    }
}
