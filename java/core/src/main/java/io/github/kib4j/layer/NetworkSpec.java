package io.github.kib4j.layer;

import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A network: hidden layers one after the other, and a linear readout with bias on the last one's output, or on all.
 *
 * @param input shape of an image, {@code C x H x W}, or of a vector
 * @param hidden the hidden layers, first to last; at least one
 * @param outputs {@code M}: units of the readout
 * @param readout what the readout reads
 */
public record NetworkSpec(Shape input, List<LayerSpec> hidden, int outputs, ReadoutSpec readout) {
    /**
     * Checks that the layers fit each other and the input.
     *
     * @param input shape of a sample
     * @param hidden the hidden layers, first to last
     * @param outputs {@code M}: outputs of the readout
     * @param readout what the readout reads
     */
    public NetworkSpec {
        hidden = List.copyOf(hidden);
        if (hidden.isEmpty()) {
            throw new RefusedException("A network needs at least one hidden layer.");
        }
        if (outputs < 2) {
            throw new RefusedException("A readout needs at least 2 outputs, but has " + outputs + ".");
        }
        Shape shape = input;
        for (int i = 0; i < hidden.size(); i++) {
            hidden.get(i).check(shape, i);
            shape = hidden.get(i).output(shape);
        }
        checkCountable(input, hidden, outputs, readout);
    }

    /**
     * Checks that the layers fit each other and the input; the readout reads the last one.
     *
     * @param input shape of a sample
     * @param hidden the hidden layers, first to last
     * @param outputs {@code M}: outputs of the readout
     */
    public NetworkSpec(Shape input, List<LayerSpec> hidden, int outputs) {
        this(input, hidden, outputs, ReadoutSpec.LAST);
    }

    /**
     * {@return this with another readout}
     *
     * @param other what it reads
     */
    public NetworkSpec withReadout(ReadoutSpec other) {
        return new NetworkSpec(input, hidden, outputs, other);
    }

    private static void checkCountable(Shape input, List<LayerSpec> hidden, int outputs, ReadoutSpec readout) {
        try {
            long count = 0;
            Shape shape = input;
            for (int i = 0; i < hidden.size(); i++) {
                count = Math.addExact(count, hidden.get(i).multiplications(shape));
                shape = hidden.get(i).output(shape);
                if (readout.reads(i, hidden.size())) {
                    count = Math.addExact(
                            count, Math.multiplyExact(readout.read(shape).size() + 1, outputs));
                }
            }
        } catch (ArithmeticException e) {
            throw new RefusedException(
                    "The network needs more multiplications for one image than can be counted; take fewer units.");
        }
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        Signature signature = Signature.EMPTY
                .with("input", input)
                .with("depth", hidden.size())
                .with("outputs", outputs)
                .with("readout", readout.signature());
        for (int i = 0; i < hidden.size(); i++) {
            signature = signature.with("hidden." + (i + 1), hidden.get(i).signature());
        }
        return signature;
    }

    /**
     * {@return the network whose signature this is}
     *
     * @param signature of a network
     * @throws IllegalArgumentException if it is none, or has what this version does not know; the message says so, in words that
     *     follow a colon
     */
    public static NetworkSpec of(Signature signature) {
        NetworkSpec network;
        try {
            int depth = Integer.parseInt(signature.value("depth"));
            List<LayerSpec> layers = new ArrayList<>();
            for (int i = 1; i <= depth; i++) {
                layers.add(LayerSpec.of(signature.part("hidden." + i)));
            }
            network = new NetworkSpec(
                    shape(signature.value("input")),
                    layers,
                    Integer.parseInt(signature.value("outputs")),
                    ReadoutSpec.of(signature.part("readout")));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new IllegalArgumentException("its settings are of no network that this version knows", e);
        }
        if (!network.signature().equals(signature)) {
            throw new IllegalArgumentException("its network has settings that this version does not know");
        }
        return network;
    }

    private static Shape shape(String text) {
        return Shape.of(
                Arrays.stream(text.split(" x ", -1)).mapToInt(Integer::parseInt).toArray());
    }

    /** {@return the shapes of a sample at each layer's input, then of the last layer's output: one more than hidden layers} */
    public List<Shape> shapes() {
        List<Shape> shapes = new ArrayList<>(List.of(input));
        for (LayerSpec layer : hidden) {
            shapes.add(layer.output(shapes.get(shapes.size() - 1)));
        }
        return shapes;
    }

    /** {@return the shape of what the readout reads of each hidden layer that it reads, by the layer's number, from 0} */
    public SortedMap<Integer, Shape> read() {
        SortedMap<Integer, Shape> read = new TreeMap<>();
        List<Shape> shapes = shapes();
        for (int i = 0; i < hidden.size(); i++) {
            if (readout.reads(i, hidden.size())) {
                read.put(i, readout.read(shapes.get(i + 1)));
            }
        }
        return read;
    }

    /** {@return the numbers that the readout reads of a sample} */
    public long readoutInputs() {
        return read().values().stream().mapToLong(Shape::size).sum();
    }

    /** {@return the number of learned parameters, biases and batch normalization included} */
    public long parameters() {
        List<Shape> shapes = shapes();
        long count = (readoutInputs() + 1) * outputs;
        for (int i = 0; i < hidden.size(); i++) {
            count += hidden.get(i).parameters(shapes.get(i));
        }
        return count;
    }

    /**
     * {@return the multiplications of one image's forward pass through layer {@code index}; the readout is the last index}
     *
     * @param index number of the layer, from 0; the readout is the last
     */
    public long multiplications(int index) {
        return index == hidden.size()
                ? readoutInputs() * outputs
                : hidden.get(index).multiplications(shapes().get(index));
    }

    /**
     * {@return a multilayer perceptron}
     *
     * @param input shape of a sample
     * @param units of each hidden layer, first to last
     * @param outputs {@code M}: outputs of the readout
     * @param style what every layer has besides its units: activation, batch norm, grouping, dropout
     */
    public static NetworkSpec mlp(Shape input, List<Integer> units, int outputs, LayerSpec style) {
        return new NetworkSpec(
                input,
                units.stream().map(n -> style.resized(0, n, Pooling.NONE)).toList(),
                outputs);
    }

    /**
     * {@return a network of 3x3 convolutions and one linear layer}
     *
     * @param input shape of a sample
     * @param channels of each convolution
     * @param pooled the convolutions, from 0, that 2x2 max-pooling follows
     * @param linear units of the linear layer; 0 for none
     * @param outputs {@code M}: outputs of the readout
     * @param style what all layers have in common: bias, batch normalization, activation, grouping, dropout
     */
    public static NetworkSpec vgg(
            Shape input, int[] channels, Set<Integer> pooled, int linear, int outputs, LayerSpec style) {
        List<LayerSpec> layers = new ArrayList<>();
        for (int i = 0; i < channels.length; i++) {
            layers.add(style.resized(3, channels[i], pooled.contains(i) ? Pooling.MAX : Pooling.NONE));
        }
        if (linear > 0) {
            layers.add(style.resized(0, linear, Pooling.NONE));
        }
        return new NetworkSpec(input, layers, outputs);
    }
}
