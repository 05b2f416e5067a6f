package io.github.kib4j.rule;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Step;
import io.github.kib4j.optimizer.Optimizer;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** A training step as it is put together. */
final class Steps {
    private final StepContext context;
    private final List<Step> all = new ArrayList<>();
    private String part = "";

    Steps(StepContext context) {
        this.context = context;
    }

    /** What is added from now on is for a hidden layer, from 0. */
    void layer(int index) {
        part = Step.layer(index);
    }

    /** What is added from now on is for the whole network. */
    void network() {
        part = "";
    }

    void add(Phase phase, Lane lane, Collection<Operation> operations) {
        operations.forEach(operation -> all.add(new Step(operation, phase, lane, part)));
    }

    /** Adds the passes of all hidden layers, and what the readout makes of them. */
    void forward(List<LayerPass> passes, ReadoutPass readout) {
        for (int i = 0; i < passes.size(); i++) {
            layer(i);
            add(Phase.FORWARD, Lane.MAIN, passes.get(i).forward());
            readout(readout, i);
        }
    }

    /** Adds what the readout makes of a hidden layer whose pass was added. What is added behind it is for the readout, too. */
    void readout(ReadoutPass readout, int layer) {
        part = Step.READOUT;
        add(Phase.FORWARD, Lane.MAIN, readout.forward(layer));
    }

    /** Adds the sum over devices of gradients of objectives, which know the whole batch, and the parameters' update. */
    void updateBySum(List<Parameter> parameters, Optimizer optimizer, Lane lane) {
        update(context.exchange().sum(gradients(parameters)), parameters, optimizer, lane);
    }

    /** Adds the mean over devices of gradients of the readout's loss, which is a mean over a device's samples, and the update. */
    void updateByMean(List<Parameter> parameters, Optimizer optimizer, Lane lane) {
        update(context.exchange().mean(gradients(parameters)), parameters, optimizer, lane);
    }

    /** The same, where the optimizer gets the signs of the mean's entries only. */
    void updateBySignOfMean(Device device, List<Parameter> parameters, Optimizer optimizer, Lane lane) {
        List<Tensor> gradients = gradients(parameters);
        List<Operation> operations = new ArrayList<>();
        context.exchange().mean(gradients).ifPresent(operations::add);
        gradients.forEach(gradient -> operations.add(device.optimizer().sign(gradient, gradient)));
        add(Phase.GRADIENT, lane, operations);
        update(Optional.empty(), parameters, optimizer, lane);
    }

    private List<Tensor> gradients(List<Parameter> parameters) {
        return parameters.stream().map(context.gradients()::of).toList();
    }

    private void update(Optional<Operation> exchanged, List<Parameter> parameters, Optimizer optimizer, Lane lane) {
        exchanged.ifPresent(operation -> add(Phase.GRADIENT, lane, List.of(operation)));
        add(Phase.OPTIMIZER, lane, optimizer.step(parameters, context.gradients()));
    }

    /** Adds the readout's loss and the gradients of its parameters. What is added behind it is for the readout, too. */
    void readoutLoss(ReadoutPass readout, Lane lane) {
        part = Step.READOUT;
        add(
                Phase.OBJECTIVE,
                lane,
                readout.lossAndGradient(
                        context.labels(),
                        context.smoothing(),
                        context.weights(),
                        context.readoutMeter(),
                        context.gradients()));
    }

    List<Step> all() {
        return all;
    }
}
