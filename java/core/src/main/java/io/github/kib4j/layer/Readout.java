package io.github.kib4j.layer;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The readout: a linear map with bias to {@code M} logits from the last hidden layer's output, or from all of them. Of each it has a
 * matrix, and logits are the sum of what they give.
 */
public final class Readout {
    private final Device device;
    private final List<Source> sources = new ArrayList<>();
    private final Parameter bias;
    private final int hiddenLayers;

    /**
     * What is read of a hidden layer.
     *
     * @param layer its number, from 0
     * @param read shape of what is read of a sample, after pooling
     */
    record Source(int layer, Shape read, Parameter weight) {}

    Readout(Device device, Scope scope, NetworkSpec network, Precision precision) {
        this.device = device;
        hiddenLayers = network.hidden().size();
        int outputs = network.outputs();
        network.read().forEach((layer, read) -> {
            Shape shape = read.prepend(outputs);
            String name = prefix(network.readout(), layer) + ".weight";
            sources.add(new Source(
                    layer, read, Parameter.weight(scope, name, Shape.of(outputs, shape.rowSize()), shape, precision)));
        });
        bias = Parameter.vector(scope, prefix(network.readout(), hiddenLayers - 1) + ".bias", Shape.of(outputs));
    }

    private static String prefix(ReadoutSpec spec, int layer) {
        return spec.readsAll() ? "softmax_layers." + layer : "softmax_layer";
    }

    /** Draws initial weights as of one matrix that reads all. */
    void initialize(long seed) {
        int inputs = inputs();
        for (int i = 0; i < sources.size(); i++) {
            Initialization.uniform(
                    device, sources.get(i).weight(), inputs, seed, Initialization.weights(hiddenLayers + i));
        }
        Initialization.uniform(device, bias, inputs, seed, Initialization.bias(hiddenLayers));
    }

    /** Returns the numbers that all matrices read of a sample. */
    int inputs() {
        return weights().stream()
                .mapToInt(weight -> weight.value().shape().rowSize())
                .sum();
    }

    /** {@return weights, by hidden layer, and bias} */
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>(weights());
        all.add(bias);
        return all;
    }

    List<Parameter> weights() {
        return sources.stream().map(Source::weight).toList();
    }

    Device device() {
        return device;
    }

    List<Source> sources() {
        return sources;
    }

    Parameter bias() {
        return bias;
    }
}
