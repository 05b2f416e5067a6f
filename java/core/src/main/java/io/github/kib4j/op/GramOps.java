package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import java.util.List;

/**
 * How dependent variables are, by their samples' Gram matrices {@code K_ij = kernel(x_i, x_j)} (docs/mathematics.md, section 11).
 *
 * <p>All but {@link #dependence} compute each {@code K_ij} to a few units of single precision of its scale (1, or {@code |x_i||x_j|}
 * with the linear kernel), from differences of samples as they are, so that those which are alike or far from zero lose nothing; sums
 * over pairs are in double. But {@link #shuffled}, none keeps {@code n x n} numbers.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface GramOps<R> {
    /** The most variables whose Gram matrices are multiplied. */
    int MOST_VARIABLES = 8;

    /**
     * Samples of one variable.
     *
     * @param values {@code [n, ...]}, F32
     * @param kernel compares two of them
     */
    record Samples(Tensor values, Kernel kernel) {}

    /**
     * Plans HSIC or pHSIC of paired samples (see {@link Estimator}), with {@code A_ij = kernelX(x_i, x_j)} and {@code B_ij =
     * kernelY(y_i, y_j)}. It is computed in double from differences of samples, so that nothing is lost where they are alike, and
     * in memory of the size of the samples. HSIC is at least 0. With the cosine kernel a zero sample has similarity 0 to all.
     *
     * @param value {@code [1]}, F64
     * @param x {@code [B, ...]}, F32 or T
     * @param kernelX compares samples of {@code x}: linear, cosine or Gaussian
     * @param y {@code [B, ...]}, F32 or T
     * @param kernelY compares samples of {@code y}: linear, cosine or Gaussian
     * @param estimator HSIC or pHSIC
     * @return the planned operation
     */
    R dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator);

    /**
     * Plans the sums of which every estimator in closed form is made (HSIC biased and unbiased, pHSIC, CKA, MMD, dHSIC, moments of
     * HSIC under independence): equations (11.1) to (11.3). With {@code K^a} the Gram matrix of variable {@code a},
     *
     * <pre>{@code
     * products[0]     = sum_{i != j} prod_a K^a_ij
     * products[1 + a] = sum_{i != j} (K^a_ij)^2
     * rows[a, i]      = sum_{j != i} K^a_ij
     * diagonals[a, i] = K^a_ii
     * }</pre>
     *
     * @param products {@code [1 + V]}, F64
     * @param rows {@code [V, n]}, F64
     * @param diagonals {@code [V, n]}, F64
     * @param variables {@code V} of them, 1 to 8, of {@code n} paired samples
     * @return the planned operation
     */
    R sums(Tensor products, Tensor rows, Tensor diagonals, List<Samples> variables);

    /**
     * Plans the gradient with respect to samples of any function {@code F} of those sums (equations 11.4 to 11.6): with
     * {@code K} the Gram matrix of {@code x} and {@code L^b} those of the others, for ordered pairs {@code i != j}
     *
     * <pre>{@code
     * dF/dK_ij = scales[0] prod_b L^b_ij + scales[1] K_ij + weights[0, i] + weights[0, j]
     * dF/dK_ii = weights[1, i]
     * }</pre>
     *
     * A pair of which the kernel has no derivative adds 0: equal samples with the Laplace kernel, a zero sample with the cosine kernel.
     *
     * @param dx F32, of the shape of {@code x}
     * @param x the variable that the gradient is with respect to; any kernel but delta
     * @param others 0 to 7 further variables of as many samples; of none the product is 1
     * @param scales {@code [2]}, F64
     * @param weights {@code [2, n]}, F64
     * @return the planned operation
     */
    R gradient(Tensor dx, Samples x, List<Samples> others, Tensor scales, Tensor weights);

    /**
     * Plans quadratic forms of weights, all at once (equation 11.7): the wild bootstrap of HSIC ({@code V = 2}), permutations of MMD
     * ({@code V = 1}, weights {@code 1/m} and {@code -1/n}).
     *
     * <pre>{@code
     * values[p] = sum_ij w_ip w_jp prod_a (K^a_ij - shifts[a, i] - shifts[a, j])
     * }</pre>
     *
     * @param values {@code [P]}, F64
     * @param variables {@code V} of them, 1 to 8, of {@code n} paired samples
     * @param shifts {@code [V, n]}, F64: {@code mean_j K_ij - mean(K)/2} centres {@code K}, 0 leaves it
     * @param weights {@code w [n, P]}, F32
     * @param diagonal whether pairs {@code i = j} are in the sum
     * @return the planned operation
     */
    R forms(Tensor values, List<Samples> variables, Tensor shifts, Tensor weights, boolean diagonal);

    /**
     * Plans what permutations of one variable's samples make of {@code sum_{i != j} K_ij L_ij}, all at once (equation 11.8):
     * {@code values[p] = sum_{i != j} K_ij L_{pi_p(i), pi_p(j)}}. One Gram matrix is kept meanwhile, {@code 4 n^2} bytes.
     *
     * @param values {@code [P]}, F64; NaN where a row of {@code permutations} is no permutation
     * @param x one variable, whose Gram matrix is {@code K}
     * @param y the other, of as many samples; {@code L}
     * @param permutations {@code [P, n]}, I32: each row holds 0 to {@code n - 1} in some order
     * @return the planned operation
     */
    R shuffled(Tensor values, Samples x, Samples y, Tensor permutations);

    /**
     * Plans a block of a Gram matrix: {@code matrix_ij = kernel(x_i, z_j)}.
     *
     * @param matrix {@code [n, m]}, F32
     * @param x {@code [n, ...]}, F32
     * @param z {@code [m, ...]}, F32, samples of the same size
     * @param kernel compares them
     * @return the planned operation
     */
    R matrix(Tensor matrix, Tensor x, Tensor z, Kernel kernel);
}
