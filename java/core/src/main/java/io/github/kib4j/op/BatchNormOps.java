package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;

/**
 * Batch normalization over the batch (and the positions of a convolution) with learned scale and shift: {@code eps = 1e-5},
 * running statistics with momentum 0.1 and unbiased variance, as PyTorch's. The statistics of channel {@code c} are over
 * {@code m = B} or {@code m = B H W} numbers. Inputs are {@code [B, C]} or {@code [B, C, H, W]}.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface BatchNormOps<R> {
    /** Added to the variance. */
    double EPSILON = 1e-5;
    /** Weight of the new batch in the running statistics. */
    double MOMENTUM = 0.1;

    /** Learned and running numbers of a layer, each {@code [C]}, F32. */
    record Parameters(Tensor scale, Tensor shift, Tensor runningMean, Tensor runningVariance) {}

    /**
     * What a training forward pass leaves for the gradient, each {@code [C]}, F64: mean and (biased) variance of the batch. (In
     * single precision a mean of 10,000 is off by half a percent of a deviation of 0.1, and so is all that follows from it.)
     */
    record Saved(Tensor mean, Tensor variance) {}

    /**
     * Plans {@code y = scale (a - mean) / sqrt(var + eps) + shift} with the batch's statistics, which it saves and adds to the
     * running ones: {@code running = 0.9 running + 0.1 new}, the new variance times {@code m/(m-1)} (unchanged if
     * {@code m = 1}).
     *
     * @param y like {@code a}; not the same memory
     * @param saved the batch's mean and variance: written by the forward pass, read by its gradient
     * @param a {@code [B, C]} or {@code [B, C, H, W]}, T
     * @param parameters learned and running numbers
     * @return the planned operation
     */
    R forward(Tensor y, Saved saved, Tensor a, Parameters parameters);

    /**
     * Plans the same with the running statistics. {@code y} may be {@code a}.
     *
     * @param y like {@code a}, T
     * @param a {@code [B, C]} or {@code [B, C, H, W]}, T
     * @param parameters learned and running numbers
     * @return the planned operation
     */
    R inference(Tensor y, Tensor a, Parameters parameters);

    /**
     * Plans the gradient through the batch's statistics.
     *
     * @param da like {@code a}, T; may be the memory of {@code dy}
     * @param dscale {@code [C]}, F32
     * @param dshift {@code [C]}, F32
     * @param dy like {@code a}, T
     * @param a the forward pass's input
     * @param parameters learned and running numbers
     * @param saved the batch's mean and variance: written by the forward pass, read by its gradient
     * @return the planned operation
     */
    R gradient(Tensor da, Tensor dscale, Tensor dshift, Tensor dy, Tensor a, Parameters parameters, Saved saved);
}
