package io.github.kib4j.layer;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import java.util.List;

/** The readout: a linear map with bias from the last hidden layer's output to {@code M} logits. */
public final class Readout {
    private final Device device;
    private final Parameter weight;
    private final Parameter bias;
    private final int index;

    Readout(Device device, Scope scope, Shape input, int outputs, int hiddenLayers, Precision precision) {
        this.device = device;
        Shape weightShape = input.prepend(outputs);
        weight = Parameter.weight(
                scope, "softmax_layer.weight", Shape.of(outputs, weightShape.rowSize()), weightShape, precision);
        bias = Parameter.vector(scope, "softmax_layer.bias", Shape.of(outputs));
        index = hiddenLayers;
    }

    void initialize(long seed) {
        Initialization.uniform(device, weight, seed, Initialization.weights(index));
        Initialization.uniform(device, bias, weight.value().shape().rowSize(), seed, Initialization.bias(index));
    }

    /** {@return weight and bias} */
    public List<Parameter> parameters() {
        return List.of(weight, bias);
    }

    Device device() {
        return device;
    }

    Parameter weight() {
        return weight;
    }

    Parameter bias() {
        return bias;
    }
}
