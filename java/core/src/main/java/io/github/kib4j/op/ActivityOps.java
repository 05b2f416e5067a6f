package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * From a layer's pre-activations to what the next layer reads, in one pass: activation, pooling, group statistics, codes,
 * divisive normalization, dropout; and back (docs/mathematics.md, sections 2 to 4).
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface ActivityOps<R> {
    /**
     * What the pass computes.
     *
     * @param grouping null for none: then the code is {@code z} itself
     * @param layer the layer's number in the counter of dropout's random words
     * @param seed the key of dropout's random words
     */
    record Spec(
            Activation activation,
            Pooling pooling,
            @Nullable Grouping grouping,
            Dropout dropout,
            int layer,
            long seed) {}

    /**
     * What the pass writes; {@code [B, ...]} is the shape after pooling, with {@code N} numbers in a row.
     *
     * @param post {@code [B, ...]}, T: {@code r} with divisive normalization, else {@code z}; always before dropout
     * @param mask {@code [B, ...]}, U8: bits 0 and 1 the chosen position of a max-pooling window in row-major order, bit 2
     *     whether the (chosen) pre-activation is positive (not used by average pooling)
     * @param mean {@code [B, G]}, F64, for what {@code z - zbar} leaves: {@code zbar}; null without grouping
     * @param scale {@code [B, G]}, F32: {@code s}; null without grouping
     * @param code {@code [B, G]}, F32: {@code u}; null without grouping, where {@code post} is the code
     * @param sent {@code [B, ...]}, T: what the next layer reads; the same tensor as {@code post} where nothing is dropped
     */
    record Buffers(
            Tensor post,
            Tensor mask,
            @Nullable Tensor mean,
            @Nullable Tensor scale,
            @Nullable Tensor code,
            Tensor sent) {}

    /**
     * Plans the forward pass. Dropout's random words are those of the clock's step; where {@code sent} is {@code post},
     * nothing is dropped.
     *
     * @param out receives what the pass computes
     * @param a {@code [B, N]} or {@code [B, C, H, W]}, T
     * @param spec what the pass computes
     * @param clock null where nothing is dropped
     * @return the planned operation
     */
    R forward(Buffers out, Tensor a, Spec spec, @Nullable Clock clock);

    /**
     * Plans the third factor's way to the pre-activations: with grouping
     * {@code dz[b,k] = du[b,g] (2p/n) s^(p-1) (z - zbar)} (with {@code z - zbar = r s^q}; for {@code p + q = 1} the power of
     * {@code s} is gone), without grouping {@code dz = du}; then un-pooled and times {@code f'(a)}.
     *
     * @param da like {@code a}, T; may be the memory of {@code a}
     * @param a the forward pass's input; read by average pooling alone, else may be null
     * @param saved the forward pass's buffers; {@code sent} is not read
     * @param du {@code [B, G]}, F32; without grouping like {@code post}, T
     * @param spec what the pass computes
     * @return the planned operation
     */
    R hebbianGradient(Tensor da, @Nullable Tensor a, Buffers saved, Tensor du, Spec spec);

    /**
     * Plans backprop through the whole pass: dropout (with the step's mask, recomputed), divisive normalization
     * {@code dz = s^-q (g - mean_g(g)) - (2q/n) s^(q-1) r sum_k g_k r_k}, pooling and activation.
     *
     * @param da like {@code a}, T; may be the memory of {@code a}
     * @param a the forward pass's input; read by average pooling alone, else may be null
     * @param saved the forward pass's buffers
     * @param dsent like {@code sent}, T
     * @param spec what the pass computes
     * @param clock null where nothing is dropped
     * @return the planned operation
     */
    R outputGradient(Tensor da, @Nullable Tensor a, Buffers saved, Tensor dsent, Spec spec, @Nullable Clock clock);
}
