package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;

/** Gram matrices, and dependence measures of two of them. */
public interface GramOps {
    /**
     * Plans {@code K_ij = kernel(v_i, v_j)} of the rows of {@code v}, where {@code v[b,:] = u[b,:] - mean(u[b,:])} if centred,
     * else {@code u}. With the cosine kernel a row with {@code |v| <= 8 eps sqrt(G) |u|} counts as zero: its row and column
     * of {@code K} are 0. ({@code eps} is that of the type the backend computes in; {@code G} the row size.)
     *
     * @param k {@code [B, B]}, F32
     * @param u {@code [B, ...]}, F32 or T
     * @param kernel compares codes
     * @param centred whether codes are centred: {@code v[b,:] = u[b,:] - mean(u[b,:])}
     * @return the planned operation
     */
    Operation matrix(Tensor k, Tensor u, Kernel kernel, boolean centred);

    /**
     * Plans the dependence of two variables.
     *
     * @param value {@code [1]}, F64
     * @param a Gram matrix {@code [B, B]}, F32
     * @param b Gram matrix {@code [B, B]}, F32
     * @param estimator HSIC or pHSIC
     * @return the planned operation
     */
    Operation dependence(Tensor value, Tensor a, Tensor b, Estimator estimator);
}
