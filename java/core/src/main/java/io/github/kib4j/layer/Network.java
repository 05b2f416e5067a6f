package io.github.kib4j.layer;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network's parameters on a device: hidden layers and readout. */
public final class Network {
    private final Device device;
    private final NetworkSpec spec;
    private final List<HiddenLayer> hidden;
    private final Readout readout;
    private final long seed;

    /**
     * Allocates a network and draws its initial weights.
     *
     * @param device where the network lives
     * @param scope owner of the parameters and gradients
     * @param spec what the network is
     * @param precision of activations and products
     * @param seed key of the initial weights and of dropout
     */
    public Network(Device device, Scope scope, NetworkSpec spec, Precision precision, long seed) {
        this.device = device;
        this.spec = spec;
        this.seed = seed;
        List<Shape> shapes = spec.shapes();
        List<HiddenLayer> layers = new ArrayList<>();
        for (int i = 0; i < spec.hidden().size(); i++) {
            layers.add(new HiddenLayer(device, scope, spec.hidden().get(i), i, shapes.get(i), precision));
        }
        hidden = List.copyOf(layers);
        readout = new Readout(device, scope, shapes.get(hidden.size()), spec.outputs(), hidden.size(), precision);
        hidden.forEach(layer -> layer.initialize(seed));
        readout.initialize(seed);
        renewRounded();
    }

    /** Rounds the weights for products anew. To be called when values were changed by other than the optimizers. */
    public void renewRounded() {
        parameters().forEach(parameter -> parameter.renewRounded(device));
    }

    /** {@return the device} */
    public Device device() {
        return device;
    }

    /** {@return what the network is} */
    public NetworkSpec spec() {
        return spec;
    }

    /** {@return the hidden layers, first to last} */
    public List<HiddenLayer> hidden() {
        return hidden;
    }

    /** {@return the readout} */
    public Readout readout() {
        return readout;
    }

    /** {@return all learned parameters: the hidden layers', first to last, then the readout's} */
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>();
        hidden.forEach(layer -> all.addAll(layer.parameters()));
        all.addAll(readout.parameters());
        return all;
    }

    /**
     * Plans the forward pass of all hidden layers.
     *
     * @param x input {@code [B, ...]}
     * @param buffers memory of what the layers compute
     * @param use how long it must live
     * @param clock null for inference
     * @return one pass for each hidden layer, first to last
     */
    public List<LayerPass> passes(Tensor x, Buffers buffers, LayerPass.Use use, @Nullable Clock clock) {
        LayerPass.LargestRows largest = largestRows(buffers);
        List<LayerPass> passes = new ArrayList<>();
        Tensor input = x;
        for (HiddenLayer layer : hidden) {
            LayerPass pass = new LayerPass(layer, input, buffers, largest, use, seed, clock);
            passes.add(pass);
            input = pass.sent();
        }
        return passes;
    }

    /**
     * Plans the readout of the last hidden layer's output.
     *
     * @param sent what the last hidden layer sent, {@code [B, ...]}
     * @param buffers memory of what the layers compute
     * @return the planned pass
     */
    public ReadoutPass readoutPass(Tensor sent, Buffers buffers) {
        return new ReadoutPass(readout, sent, buffers);
    }

    /**
     * {@return a buffer for the gradient with respect to what layer {@code index} sent, on one memory for all layers}
     *
     * @param index number of the hidden layer that sent, from 0
     * @param buffers memory of what the layers compute
     * @param batch {@code B}: rows of the gradient
     */
    public Tensor sentGradient(int index, Buffers buffers, int batch) {
        Shape row = spec.shapes().get(index + 1);
        return buffers.shared(
                "sent-gradients",
                largestRows(buffers).preActivation(),
                "layer" + index,
                buffers.activations(),
                row,
                batch);
    }

    private LayerPass.LargestRows largestRows(Buffers buffers) {
        List<Shape> shapes = spec.shapes();
        long preActivation = 0;
        long output = 0;
        for (HiddenLayer layer : hidden) {
            Shape input = shapes.get(layer.index());
            preActivation =
                    Math.max(preActivation, layer.spec().preActivation(input).size());
            output = Math.max(output, layer.spec().output(input).size());
        }
        return new LayerPass.LargestRows(preActivation * buffers.activations().bytes(), output);
    }
}
