package io.github.kib4j.layer;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * A hidden layer (docs/mathematics.md, section 2): a linear map or convolution, then batch normalization, activation, pooling,
 * grouping with divisive normalization, and dropout, each of them optional.
 *
 * @param kernelSize 0 for a linear layer, else the odd size of a convolution's kernel
 * @param units {@code N}: output units, or output channels of a convolution
 * @param bias whether a bias is learned (the paper's hidden layers have none)
 * @param grouping null for codes that are the activities themselves
 */
public record LayerSpec(
        int kernelSize,
        int units,
        boolean bias,
        boolean batchNorm,
        Activation activation,
        Pooling pooling,
        @Nullable Grouping grouping,
        Dropout dropout) {
    /**
     * Checks the numbers.
     *
     * @param kernelSize 0 for a linear layer, else odd
     * @param units {@code N}: output units, or output channels of a convolution
     * @param bias whether a bias is learned
     * @param batchNorm whether pre-activations are batch-normalized
     * @param activation {@code f}
     * @param pooling what follows the activation; none for a linear layer
     * @param grouping null for codes that are the activities themselves
     * @param dropout of what the next layer reads
     */
    public LayerSpec {
        if (units < 1) {
            throw new RefusedException("A layer needs at least 1 unit, but has " + units + ".");
        }
        new Geometry(kernelSize);
        if (kernelSize == 0 && pooling != Pooling.NONE) {
            throw new RefusedException("A linear layer cannot be pooled.");
        }
    }

    /**
     * {@return a linear layer with leaky ReLU and nothing optional}
     *
     * @param units {@code N}: output units, or output channels of a convolution
     */
    public static LayerSpec linear(int units) {
        return new LayerSpec(0, units, false, false, Activation.LEAKY_RELU, Pooling.NONE, null, Dropout.NONE);
    }

    /**
     * {@return a 3x3 convolution with leaky ReLU and nothing optional}
     *
     * @param channels output channels
     */
    public static LayerSpec convolution(int channels) {
        return new LayerSpec(3, channels, false, false, Activation.LEAKY_RELU, Pooling.NONE, null, Dropout.NONE);
    }

    /**
     * {@return this layer with another activation}
     *
     * @param newActivation {@code f}
     */
    public LayerSpec withActivation(Activation newActivation) {
        return new LayerSpec(kernelSize, units, bias, batchNorm, newActivation, pooling, grouping, dropout);
    }

    /**
     * {@return this layer with a 2x2 pooling}
     *
     * @param newPooling what follows the activation
     */
    public LayerSpec withPooling(Pooling newPooling) {
        return new LayerSpec(kernelSize, units, bias, batchNorm, activation, newPooling, grouping, dropout);
    }

    /**
     * {@return this layer with or without batch normalization}
     *
     * @param newBatchNorm whether pre-activations are batch-normalized
     */
    public LayerSpec withBatchNorm(boolean newBatchNorm) {
        return new LayerSpec(kernelSize, units, bias, newBatchNorm, activation, pooling, grouping, dropout);
    }

    /**
     * {@return this layer with or without a bias}
     *
     * @param newBias whether a bias is learned
     */
    public LayerSpec withBias(boolean newBias) {
        return new LayerSpec(kernelSize, units, newBias, batchNorm, activation, pooling, grouping, dropout);
    }

    /**
     * {@return this layer with groups, or without for null}
     *
     * @param newGrouping null for none
     */
    public LayerSpec withGrouping(@Nullable Grouping newGrouping) {
        return new LayerSpec(kernelSize, units, bias, batchNorm, activation, pooling, newGrouping, dropout);
    }

    /**
     * {@return this layer with a dropout of what it passes on}
     *
     * @param newDropout of what the next layer reads
     */
    public LayerSpec withDropout(Dropout newDropout) {
        return new LayerSpec(kernelSize, units, bias, batchNorm, activation, pooling, grouping, newDropout);
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        return Signature.EMPTY
                .with("kernelSize", kernelSize)
                .with("units", units)
                .with("bias", bias)
                .with("batchNorm", batchNorm)
                .with("activation", activation)
                .with("pooling", pooling)
                .with("grouping", grouping == null ? Signature.EMPTY : grouping.signature())
                .with("dropout", dropout.signature());
    }

    /** Returns the layer whose signature this is. */
    static LayerSpec of(Signature signature) {
        Signature grouping = signature.part("grouping");
        return new LayerSpec(
                Integer.parseInt(signature.value("kernelSize")),
                Integer.parseInt(signature.value("units")),
                Boolean.parseBoolean(signature.value("bias")),
                Boolean.parseBoolean(signature.value("batchNorm")),
                Activation.valueOf(signature.value("activation")),
                Pooling.valueOf(signature.value("pooling")),
                grouping.entries().isEmpty() ? null : Grouping.of(grouping),
                Dropout.of(signature.part("dropout")));
    }

    /** {@return how its weights meet its input} */
    public Geometry geometry() {
        return new Geometry(kernelSize);
    }

    /** {@return whether it is a convolution} */
    public boolean isConvolution() {
        return kernelSize > 0;
    }

    /**
     * {@return the shape of a sample's pre-activations: {@code N} or {@code N x H x W}}
     *
     * @param input shape of a sample's input
     */
    public Shape preActivation(Shape input) {
        return isConvolution() ? Shape.of(units, input.extent(1), input.extent(2)) : Shape.of(units);
    }

    /**
     * {@return the shape of a sample's output, which is the next layer's input; pooling halves an image, rounded down}
     *
     * @param input shape of a sample's input
     */
    public Shape output(Shape input) {
        Shape a = preActivation(input);
        return pooling == Pooling.NONE ? a : Shape.of(units, a.extent(1) / 2, a.extent(2) / 2);
    }

    /**
     * {@return the shape of the weights: {@code N x C x k x k}, or {@code N} and the input's extents}
     *
     * @param input shape of a sample's input
     */
    public Shape weight(Shape input) {
        return isConvolution() ? Shape.of(units, input.extent(0), kernelSize, kernelSize) : input.prepend(units);
    }

    /**
     * {@return the number of learned numbers}
     *
     * @param input of a sample
     */
    public long parameters(Shape input) {
        return weight(input).size() + (bias ? units : 0) + (batchNorm ? 2L * units : 0);
    }

    /** {@return the multiplications of a sample's forward pass; ArithmeticException if they cannot be counted} */
    long multiplications(Shape input) {
        return Math.multiplyExact(weight(input).size(), preActivation(input).size() / units);
    }

    /** {@return a layer like this one, of another kind and size} */
    LayerSpec resized(int newKernelSize, int newUnits, Pooling newPooling) {
        return new LayerSpec(newKernelSize, newUnits, bias, batchNorm, activation, newPooling, grouping, dropout);
    }

    /** Checks that the layer can follow an input of this shape; {@code index} is for the message. */
    void check(Shape input, int index) {
        String where = "Hidden layer " + (index + 1) + " ";
        if (isConvolution() && input.rank() != 3) {
            throw new RefusedException(where + "is a convolution, but its input is no image (" + input + ").");
        }
        if (pooling != Pooling.NONE && (input.extent(1) < 2 || input.extent(2) < 2)) {
            throw new RefusedException(where + "pools 2x2 windows, but its image has only " + input.extent(1) + "x"
                    + input.extent(2) + " positions left; pool after fewer convolutions.");
        }
        long n = output(input).size();
        if (grouping != null && (n % grouping.groups() != 0 || n / grouping.groups() < 2)) {
            throw new RefusedException(where + "has " + n + " activities, which " + grouping.groups()
                    + " groups do not divide into equal groups of at least 2; choose another number of groups.");
        }
    }
}
