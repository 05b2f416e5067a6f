package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;

/**
 * How dependent two variables are, by their samples' Gram matrices.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface GramOps<R> {
    /**
     * Plans HSIC or pHSIC of paired samples (see {@link Estimator}), with {@code A_ij = kernelX(x_i, x_j)} and {@code B_ij =
     * kernelY(y_i, y_j)}. It is computed in double from differences of samples, so that nothing is lost where they are alike, and
     * in memory of the size of the samples. HSIC is at least 0. With the cosine kernel a zero sample has similarity 0 to all.
     *
     * @param value {@code [1]}, F64
     * @param x {@code [B, ...]}, F32 or T
     * @param kernelX compares samples of {@code x}
     * @param y {@code [B, ...]}, F32 or T
     * @param kernelY compares samples of {@code y}
     * @param estimator HSIC or pHSIC
     * @return the planned operation
     */
    R dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator);
}
