package io.github.kib4j.rule;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
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

/** A training step as a rule puts it together: operations in their order, each with its phase, its lane and the part it is for. */
public final class Steps {
    private final StepContext context;
    private final List<Step> all = new ArrayList<>();
    private String part = "";

    /**
     * Begins a step.
     *
     * @param context what it is planned with
     */
    public Steps(StepContext context) {
        this.context = context;
    }

    /**
     * What is added from now on is for a hidden layer.
     *
     * @param index its number, from 0
     */
    public void layer(int index) {
        part = Step.layer(index);
    }

    /** What is added from now on is for the whole network. */
    public void network() {
        part = "";
    }

    /**
     * Adds operations.
     *
     * @param phase by which time is reported
     * @param lane {@code MAIN} where a next layer waits for it
     * @param operations in order
     */
    public void add(Phase phase, Lane lane, Collection<Operation> operations) {
        operations.forEach(operation -> all.add(new Step(operation, phase, lane, part)));
    }

    /**
     * Adds the passes of all hidden layers, and what the readout makes of them.
     *
     * @param passes of the hidden layers, in order
     * @param readout of the same batch
     */
    public void forward(List<LayerPass> passes, ReadoutPass readout) {
        for (int i = 0; i < passes.size(); i++) {
            layer(i);
            add(Phase.FORWARD, Lane.MAIN, passes.get(i).forward());
            readout(readout, i);
        }
    }

    /**
     * Adds what the readout makes of a hidden layer whose pass was added. What is added behind it is for the readout, too.
     *
     * @param readout of the batch
     * @param layer number of the hidden layer, from 0
     */
    public void readout(ReadoutPass readout, int layer) {
        part = Step.READOUT;
        add(Phase.FORWARD, Lane.MAIN, readout.forward(layer));
    }

    /**
     * Adds the sum over devices of gradients of objectives, which know the whole batch, and the parameters' update.
     *
     * @param parameters whose gradients were added
     * @param optimizer that updates them
     * @param lane of both
     */
    public void updateBySum(List<Parameter> parameters, Optimizer optimizer, Lane lane) {
        update(context.exchange().sum(gradients(parameters)), parameters, optimizer, lane);
    }

    /**
     * Adds the mean over devices of gradients of a loss that is a mean over a device's samples, and the update.
     *
     * @param parameters whose gradients were added
     * @param optimizer that updates them
     * @param lane of both
     */
    public void updateByMean(List<Parameter> parameters, Optimizer optimizer, Lane lane) {
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

    /**
     * Adds the readout's loss and the gradients of its parameters. What is added behind it is for the readout, too.
     *
     * @param readout whose logits were added
     * @param lane of both
     */
    public void readoutLoss(ReadoutPass readout, Lane lane) {
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

    /**
     * Adds all that the readout learns of passes that were added: loss, gradients, update.
     *
     * @param network whose readout it is
     * @param optimizers one of which updates it
     * @param readout whose logits were added
     */
    public void learnReadout(Network network, Optimizers optimizers, ReadoutPass readout) {
        readoutLoss(readout, Lane.UPDATE);
        updateByMean(network.readout().parameters(), optimizers.readout(), Lane.UPDATE);
    }

    /** {@return the steps, in order} */
    public List<Step> all() {
        return List.copyOf(all);
    }
}
