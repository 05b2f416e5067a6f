package io.github.kib4j.layer;

import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A batch's planned evaluation: running statistics, no dropout, no gradient. */
public final class Inference {
    /** Samples at once where training has one. */
    private static final int ONLINE = 128;

    private final List<LayerPass> layers;
    private final ReadoutPass readout;

    /**
     * Plans it.
     *
     * @param network what computes
     * @param x input {@code [B, ...]}
     * @param workspace memory of what is computed
     */
    public Inference(Network network, Tensor x, Workspace workspace) {
        layers = network.passes(x, workspace, LayerPass.Use.INFERENCE, null);
        readout = network.readoutPass(layers, workspace);
    }

    /**
     * {@return how many samples are evaluated at once}
     *
     * @param training how many are trained on at once
     */
    public static int batch(int training) {
        return training == 1 ? ONLINE : training;
    }

    /** {@return the hidden layers' passes, first to last} */
    public List<LayerPass> layers() {
        return layers;
    }

    /** {@return the readout's pass} */
    public ReadoutPass readout() {
        return readout;
    }

    /** {@return the steps from the input to the logits, in order} */
    public List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            steps.addAll(layer(i));
            for (Operation operation : readout.forward(i)) {
                steps.add(Step.main(Phase.FORWARD, operation, Step.READOUT));
            }
        }
        return steps;
    }

    /**
     * {@return the steps from the input to a hidden layer's code, in order}
     *
     * @param layer its number, from 0
     */
    public List<Step> steps(int layer) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i <= layer; i++) {
            steps.addAll(layer(i));
        }
        return steps;
    }

    private List<Step> layer(int index) {
        return layers.get(index).forward().stream()
                .map(operation -> Step.main(Phase.FORWARD, operation, Step.layer(index)))
                .toList();
    }
}
