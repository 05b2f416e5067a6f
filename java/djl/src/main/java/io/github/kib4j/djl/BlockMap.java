package io.github.kib4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which layer of a network each block is, and which weights are which. */
final class BlockMap {
    private static final double LEAK = 0.01;
    private static final double NEAR = 1e-5;
    /** Of what activations are asked, laid out as an image of 4x4. */
    private static final float[] ASKED = {
        -3, -2, -1, -0.5f, -0.25f, -0.1f, 0, 0.1f, 0.25f, 0.5f, 0.75f, 1, 1.5f, 2, 2.5f, 3
    };

    private final NetworkSpec network;
    /** Of each hidden layer, then of the readout: DJL's weight, bias, scale and shift, as far as there are some. */
    private final List<List<Parameter>> learned;
    /** Of each hidden layer: running mean and variance, or nothing. */
    private final List<List<Parameter>> running;

    private BlockMap(NetworkSpec network, List<List<Parameter>> learned, List<List<Parameter>> running) {
        this.network = network;
        this.learned = learned;
        this.running = running;
    }

    /** A layer as it is found, block by block. */
    private static final class Found {
        LayerSpec spec;
        final String name;
        final List<Parameter> learned = new ArrayList<>();
        List<Parameter> running = List.of();
        boolean isActivated;

        Found(String name, LayerSpec spec) {
            this.name = name;
            this.spec = spec;
        }
    }

    static BlockMap of(Block block, Shape input, @Nullable Grouping grouping) {
        List<Found> found = new ArrayList<>();
        add("", block, found);
        if (found.size() < 2) {
            throw new RefusedException("The block has " + found.size()
                    + " linear layers and convolutions; it needs a hidden one, and a linear one at the end.");
        }
        Found last = found.remove(found.size() - 1);
        if (last.spec.isConvolution() || !last.spec.bias() || last.isActivated || last.spec.batchNorm()) {
            throw new RefusedException("The last layer, " + last.name
                    + ", is not a linear layer with a bias and nothing behind it, as a readout is.");
        }
        List<LayerSpec> hidden =
                found.stream().map(one -> one.spec.withGrouping(grouping)).toList();
        List<List<Parameter>> learned = new ArrayList<>();
        found.forEach(one -> learned.add(one.learned));
        learned.add(last.learned);
        int[] extents = new int[input.dimension()];
        for (int i = 0; i < extents.length; i++) {
            extents[i] = Math.toIntExact(input.get(i));
        }
        return new BlockMap(
                new NetworkSpec(shape(extents), hidden, last.spec.units()),
                learned,
                found.stream().map(one -> one.running).toList());
    }

    /** Features are images of one pixel. */
    private static io.github.kib4j.tensor.Shape shape(int[] extents) {
        return extents.length == 1
                ? io.github.kib4j.tensor.Shape.of(extents[0], 1, 1)
                : io.github.kib4j.tensor.Shape.of(extents);
    }

    NetworkSpec network() {
        return network;
    }

    private static void add(String name, Block block, List<Found> found) {
        if (block instanceof SequentialBlock) {
            block.getChildren().forEach(child -> add(name + "/" + child.getKey(), child.getValue(), found));
        } else if (block instanceof Linear) {
            Parameter weight = parameter(block, "weight");
            int units = Math.toIntExact(weight.getArray().getShape().get(0));
            begin(name, LayerSpec.linear(units), block, found);
        } else if (block instanceof Conv2d convolution) {
            begin(name, convolution(name, convolution), block, found);
        } else if (block instanceof BatchNorm) {
            Found layer = layer(name, found);
            if (layer.isActivated || layer.spec.batchNorm()) {
                throw new RefusedException("The block " + name
                        + " normalizes a batch behind an activation or another normalization; it must come right behind a"
                        + " linear layer or convolution.");
            }
            layer.spec = layer.spec.withBatchNorm(true);
            layer.learned.add(parameter(block, "gamma"));
            layer.learned.add(parameter(block, "beta"));
            layer.running = List.of(parameter(block, "runningMean"), parameter(block, "runningVar"));
        } else if (block instanceof Dropout) {
            throw new RefusedException(
                    "The block " + name
                            + " is DJL's dropout, whose rate cannot be read; leave it out, and give the network's layers dropout.");
        } else if (block instanceof LambdaBlock) {
            function(name, block, found);
        } else {
            throw new RefusedException(
                    "The block " + name + " is a " + block.getClass().getSimpleName()
                            + ", which has no counterpart; linear layers, convolutions, batch normalization, activations, pooling and"
                            + " flattening have.");
        }
    }

    private static void begin(String name, LayerSpec spec, Block block, List<Found> found) {
        boolean bias = block.getDirectParameters().contains("bias");
        Found layer = new Found(name, spec.withActivation(Activation.IDENTITY).withBias(bias));
        layer.learned.add(parameter(block, "weight"));
        if (bias) {
            layer.learned.add(parameter(block, "bias"));
        }
        found.add(layer);
    }

    private static LayerSpec convolution(String name, Conv2d block) {
        long size = block.getKernelShape().get(0);
        long padding = (size - 1) / 2;
        boolean keeps = block.getKernelShape().get(1) == size
                && size % 2 == 1
                && all(block.getStride(), 1)
                && all(block.getDilation(), 1)
                && all(block.getPadding(), padding)
                && block.getGroups() == 1;
        if (!keeps) {
            throw new RefusedException("The convolution " + name + " has kernel " + block.getKernelShape() + ", stride "
                    + block.getStride() + ", padding " + block.getPadding() + ", dilation " + block.getDilation() + ", "
                    + block.getGroups()
                    + " groups; convolutions have an odd square kernel, stride 1, the padding that keeps the size, and one"
                    + " group.");
        }
        LayerSpec three = LayerSpec.convolution(block.getFilters());
        return new LayerSpec(
                Math.toIntExact(size),
                three.units(),
                false,
                false,
                three.activation(),
                Pooling.NONE,
                null,
                three.dropout());
    }

    private static boolean all(Shape shape, long value) {
        for (long extent : shape.getShape()) {
            if (extent != value) {
                return false;
            }
        }
        return true;
    }

    private static Found layer(String name, List<Found> found) {
        if (found.isEmpty()) {
            throw new RefusedException(
                    "The block " + name + " comes before the first linear layer or convolution, where nothing may be.");
        }
        return found.get(found.size() - 1);
    }

    /** Tells what a function is by what it makes of an image of 4x4. */
    private static void function(String name, Block block, List<Found> found) {
        float[] made;
        Shape shape;
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray image = manager.create(ASKED, new Shape(1, 1, 4, 4));
            NDArray answer = block.forward(new ParameterStore(manager, false), new NDList(image), false)
                    .singletonOrThrow();
            made = Floats.copy(answer);
            shape = answer.getShape();
        }
        if (same(made, Activation.IDENTITY)) { // flattening keeps numbers, and so does the identity
            return;
        }
        Found layer = layer(name, found);
        if (shape.equals(new Shape(1, 1, 2, 2))) {
            layer.spec = layer.spec.withPooling(pooling(name, made));
            layer.isActivated = true;
            return;
        }
        for (Activation activation : Activation.values()) {
            if (made.length == ASKED.length && same(made, activation)) {
                if (layer.isActivated) {
                    throw new RefusedException("The block " + name
                            + " is an activation behind another one or behind pooling, where none may be.");
                }
                layer.spec = layer.spec.withActivation(activation);
                layer.isActivated = true;
                return;
            }
        }
        throw new RefusedException("The function " + name
                + " is none of identity, ReLU, leaky ReLU of slope " + LEAK
                + ", SELU, 2x2 max or average pooling, and flattening.");
    }

    private static Pooling pooling(String name, float[] made) {
        float[] largest = new float[4];
        float[] mean = new float[4];
        for (int i = 0; i < 4; i++) {
            int first = i / 2 * 8 + i % 2 * 2;
            float[] window = {ASKED[first], ASKED[first + 1], ASKED[first + 4], ASKED[first + 5]};
            largest[i] = Math.max(Math.max(window[0], window[1]), Math.max(window[2], window[3]));
            mean[i] = (window[0] + window[1] + window[2] + window[3]) / 4;
        }
        if (near(made, largest)) {
            return Pooling.MAX;
        }
        if (near(made, mean)) {
            return Pooling.AVERAGE;
        }
        throw new RefusedException("The block " + name + " halves images otherwise than by 2x2 maxima or means.");
    }

    private static boolean same(float[] made, Activation activation) {
        float[] wanted = new float[ASKED.length];
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = (float) activation.of(ASKED[i]);
        }
        return near(made, wanted);
    }

    private static boolean near(float[] made, float[] wanted) {
        boolean near = made.length == wanted.length;
        for (int i = 0; i < made.length && near; i++) {
            near = Math.abs(made[i] - wanted[i]) <= NEAR;
        }
        return near;
    }

    private static Parameter parameter(Block block, String name) {
        Parameter parameter = block.getDirectParameters().get(name);
        if (parameter == null || !parameter.isInitialized()) {
            throw new RefusedException("A block of the kind " + block.getClass().getSimpleName() + " has no " + name
                    + " yet; initialize the model before.");
        }
        return parameter;
    }

    /** Copies weights and running statistics, to the network or from it. */
    void copy(Network target, boolean toNetwork) {
        List<io.github.kib4j.op.Parameter> changed = new ArrayList<>();
        for (int i = 0; i < learned.size(); i++) {
            boolean isReadout = i == target.hidden().size();
            List<io.github.kib4j.op.Parameter> own = isReadout
                    ? target.readout().parameters()
                    : target.hidden().get(i).parameters();
            for (int k = 0; k < own.size(); k++) {
                copy(own.get(k).value(), learned.get(i).get(k), toNetwork);
            }
            changed.addAll(own);
            if (!isReadout) {
                statistics(target.hidden().get(i), running.get(i), toNetwork);
            }
        }
        if (toNetwork) {
            io.github.kib4j.op.Parameter.renewRounded(target.device(), changed);
        }
    }

    private static void statistics(HiddenLayer layer, List<Parameter> theirs, boolean toNetwork) {
        int k = 0;
        for (Tensor own : layer.runningStatistics().values()) {
            copy(own, theirs.get(k++), toNetwork);
        }
    }

    private static void copy(Tensor own, Parameter theirs, boolean toNetwork) {
        NDArray array = theirs.getArray();
        if (array.size() != own.shape().size()) {
            throw new RefusedException(
                    "The parameter " + theirs.getName() + " is of the shape " + array.getShape()
                            + ", but the network's has " + own.shape().size()
                            + " numbers; take the network of this learning, and the input's shape that the block was initialized with.");
        }
        if (toNetwork) {
            own.write(Floats.copy(array));
        } else {
            array.set(own.readFloats());
        }
    }
}
