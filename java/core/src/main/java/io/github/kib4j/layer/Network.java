package io.github.kib4j.layer;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network's parameters on a device: hidden layers and readout. */
public final class Network {
    private final Device device;
    private final NetworkSpec spec;
    private final List<HiddenLayer> hidden;
    private final Readout readout;
    private final Precision precision;
    private final long seed;

    /**
     * Allocates a network, whose weights are zeros until they are {@linkplain #initialize drawn}, or read.
     *
     * @param device where the network lives
     * @param scope owner of the parameters
     * @param spec what the network is
     * @param precision of activations and products
     * @param seed key of the initial weights and of dropout
     */
    public Network(Device device, Scope scope, NetworkSpec spec, Precision precision, long seed) {
        this.device = device;
        this.spec = spec;
        this.precision = precision;
        this.seed = seed;
        List<Shape> shapes = spec.shapes();
        List<HiddenLayer> layers = new ArrayList<>();
        for (int i = 0; i < spec.hidden().size(); i++) {
            layers.add(new HiddenLayer(device, scope, spec.hidden().get(i), i, shapes.get(i), precision));
        }
        hidden = List.copyOf(layers);
        readout = new Readout(device, scope, spec, precision);
    }

    /**
     * Draws the initial weights, PyTorch's default: uniform in {@code +-1/sqrt(fan_in)}; batch norm's scale 1, shift 0.
     *
     * @return this network
     */
    public Network initialize() {
        hidden.forEach(layer -> layer.initialize(seed));
        readout.initialize(seed);
        renewRounded();
        return this;
    }

    /** Rounds the weights for products anew. To be called when values were changed by other than the optimizers. */
    public void renewRounded() {
        Parameter.renewRounded(device, parameters());
    }

    /**
     * {@return what errors come back by, where a rule sends them back}
     *
     * @param scope owner of fixed weights
     * @param kind which weights
     */
    public NetworkFeedback feedback(Scope scope, Feedback.Kind kind) {
        List<Parameter> above = hidden.stream().skip(1).map(HiddenLayer::weight).toList();
        return new NetworkFeedback(device, scope, seed, kind, above, readout);
    }

    /** {@return the key of the initial weights and of dropout} */
    public long seed() {
        return seed;
    }

    /** {@return the precision of activations and products} */
    public Precision precision() {
        return precision;
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

    /** {@return all that evaluation reads, by name: learned parameters, then batch norm's running statistics} */
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        parameters().forEach(parameter -> tensors.put(parameter.name(), parameter.value()));
        hidden.forEach(layer -> tensors.putAll(layer.runningStatistics()));
        return tensors;
    }

    /**
     * Plans the forward pass of all hidden layers.
     *
     * @param x input {@code [B, ...]}
     * @param workspace memory of what the layers compute
     * @param use training or evaluation
     * @param clock null for inference
     * @return one pass for each hidden layer, first to last
     */
    public List<LayerPass> passes(Tensor x, Workspace workspace, LayerPass.Use use, @Nullable Clock clock) {
        List<LayerPass> passes = new ArrayList<>();
        Tensor input = x;
        for (HiddenLayer layer : hidden) {
            LayerPass pass = new LayerPass(layer, input, workspace, use, seed, clock);
            passes.add(pass);
            input = pass.sent();
        }
        return passes;
    }

    /**
     * Plans the readout of hidden layers' output.
     *
     * @param passes of all hidden layers, first to last
     * @param workspace memory of what the readout computes
     * @return the planned pass
     */
    public ReadoutPass readoutPass(List<LayerPass> passes, Workspace workspace) {
        return new ReadoutPass(readout, passes.stream().map(LayerPass::sent).toList(), workspace);
    }
}
