package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Two-dimensional convolutions (cross-correlations) of stride 1, odd kernel size {@code k} and padding {@code (k-1)/2}. */
public interface ConvolutionOps {
    /**
     * Plans {@code y[b,n,h,w] = bias[n] + sum_{c,i,j} weight[n,c,i,j] x[b,c,h+i-(k-1)/2,w+j-(k-1)/2]}, zero outside the image.
     *
     * @param y {@code [B, N, H, W]}, T
     * @param x {@code [B, C, H, W]}, T
     * @param weight {@code [N, C, k, k]}, F32 or T
     * @param bias {@code [N]}, F32, or null for none
     * @return the planned operation
     */
    Operation forward(Tensor y, Tensor x, Tensor weight, @Nullable Tensor bias);

    /**
     * Plans the gradient with respect to the weights, summed over the batch.
     *
     * @param dweight {@code [N, C, k, k]}, F32
     * @param dbias {@code [N]}, F32, or null
     * @param dy {@code [B, N, H, W]}, T
     * @param x {@code [B, C, H, W]}, T
     * @return the planned operation
     */
    Operation weightGradient(Tensor dweight, @Nullable Tensor dbias, Tensor dy, Tensor x);

    /**
     * Plans the gradient with respect to the input: used by backprop alone.
     *
     * @param dx {@code [B, C, H, W]}, T
     * @param dy {@code [B, N, H, W]}, T
     * @param weight {@code [N, C, k, k]}, F32 or T
     * @return the planned operation
     */
    Operation dataGradient(Tensor dx, Tensor dy, Tensor weight);
}
