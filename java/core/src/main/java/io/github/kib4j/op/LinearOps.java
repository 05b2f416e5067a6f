package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Products with a weight matrix.
 *
 * <p>Input {@code x} may have any rank: {@code [B, ...]} with {@code D} numbers in a row; the weights {@code w [N, ...]} then
 * have the same trailing extents, so that both are stored alike.
 */
public interface LinearOps {
    /**
     * Plans {@code y = x w' + bias}.
     *
     * @param y {@code [B, N]}, T or F32
     * @param x {@code [B, ...]}, T
     * @param w {@code [N, ...]}, F32 or T
     * @param bias {@code [N]}, F32, or null for none
     * @return the planned operation
     */
    Operation forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias);

    /**
     * Plans {@code dw = sum_b dy[b,:]' x[b,:]} and {@code dbias = sum_b dy[b,:]}.
     *
     * @param dw {@code [N, ...]}, F32
     * @param dbias {@code [N]}, F32, or null
     * @param dy {@code [B, N]}, T
     * @param x {@code [B, ...]}, T
     * @return the planned operation
     */
    Operation weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x);

    /**
     * Plans {@code dx = dy w}: used by backprop alone.
     *
     * @param dx {@code [B, ...]}, T
     * @param dy {@code [B, N]}, T
     * @param w {@code [N, ...]}, F32 or T
     * @return the planned operation
     */
    Operation dataGradient(Tensor dx, Tensor dy, Tensor w);
}
