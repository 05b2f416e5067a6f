package io.github.kib4j.layer;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Parameter;

/** PyTorch's default initial values of linear layers and convolutions: uniform, bound {@code 1/sqrt(fan_in)}. */
final class Initialization {
    private Initialization() {}

    /** Returns the stream of random numbers of a layer's weights; the readout comes after the last hidden layer. */
    static int weights(int layer) {
        return 2 * layer;
    }

    /** Returns the stream of random numbers of a layer's bias. */
    static int bias(int layer) {
        return 2 * layer + 1;
    }

    static void uniform(Device device, Parameter weight, long seed, int stream) {
        uniform(device, weight, weight.value().shape().rowSize(), seed, stream);
    }

    static void uniform(Device device, Parameter parameter, int fanIn, long seed, int stream) {
        device.run(device.random().uniform(parameter.value(), 1 / Math.sqrt(fanIn), seed, stream));
    }
}
