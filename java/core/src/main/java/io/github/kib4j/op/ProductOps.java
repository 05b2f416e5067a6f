package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Products of a layer's input with its weights: by a matrix, or two-dimensional convolutions (cross-correlations) of stride 1 and
 * padding {@code (k-1)/2}, as the {@link Geometry} says.
 *
 * <p>With a matrix, input {@code x} may have any rank: {@code [B, ...]} with {@code D} numbers in a row; the weights
 * {@code w [N, ...]} then have the same trailing extents, so that both are stored alike, and the output is {@code [B, N]}. With a
 * convolution {@code x} is {@code [B, C, H, W]}, {@code w [N, C, k, k]}, {@code y [B, N, H, W]}.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface ProductOps<R> {
    /**
     * Plans {@code y = x w' + bias}, or {@code y[b,n,h,w] = bias[n] + sum_{c,i,j} w[n,c,i,j] x[b,c,h+i-(k-1)/2,w+j-(k-1)/2]},
     * zero outside the image.
     *
     * @param y output, T; of a matrix also F32
     * @param x input, T
     * @param w weights, F32 or T
     * @param bias {@code [N]}, F32, or null for none
     * @param geometry matrix or convolution
     * @return the planned operation
     */
    R forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry);

    /**
     * Plans the gradient with respect to the weights, {@code dw = sum_b dy[b,:]' x[b,:]} or its counterpart, and
     * {@code dbias[n]}, the sum of {@code dy} over all but the channel.
     *
     * @param dw like the weights, F32
     * @param dbias {@code [N]}, F32, or null
     * @param dy like the output, T
     * @param x input, T
     * @param geometry matrix or convolution
     * @return the planned operation
     */
    R weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry);

    /**
     * Plans the gradient with respect to the input, {@code dx = dy w} or its counterpart: used by backprop alone.
     *
     * @param dx like the input, T
     * @param dy like the output, T
     * @param w weights, F32 or T
     * @param geometry matrix or convolution
     * @return the planned operation
     */
    R dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry);
}
