package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The local objective {@code dep(K, K) - gamma dep(L, K)} of a layer's codes and its gradient, the third factor
 * (docs/mathematics.md, sections 3 to 5). {@code K} is the Gram matrix of the (centred) codes, {@code L} that of the teaching
 * signal, {@code dep} an {@link Estimator}. With the cosine kernel a code with {@code |v| <= 8 eps sqrt(G) |u|} ({@code v} what
 * centring leaves of {@code u}, {@code G} its size, {@code eps} that of the type the backend computes in) counts as zero: its row
 * and column of {@code K} are 0, and its gradient is 0.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface ObjectiveOps<R> {
    /**
     * The objective.
     *
     * @param centred whether codes are centred: {@code v[b,:] = u[b,:] - mean(u[b,:])}
     */
    record Spec(Estimator estimator, Kernel kernel, boolean centred, double gamma) {
        /**
         * Checks gamma and the kernel.
         *
         * @param estimator {@code dep}
         * @param kernel compares codes
         * @param centred whether codes are centred
         * @param gamma weight of the dependence on the teaching signal
         */
        public Spec {
            if (!Double.isFinite(gamma)) {
                throw new RefusedException(
                        "Gamma, the weight of the teaching term, must be finite, but is " + gamma + ".");
            }
            kernel = kernel.ofObjectives();
        }

        /** {@return all that decides bits} */
        public Signature signature() {
            return Signature.EMPTY
                    .with("estimator", estimator)
                    .with("kernel", kernel.signature())
                    .with("centred", centred)
                    .with("gamma", gamma);
        }
    }

    /** How the gradient is computed; all agree. */
    enum Form {
        /** The cheaper one for the sizes. */
        AUTO,
        /** Through the {@code B x B} Gram matrices. */
        GRAM,
        /** Through {@code G x G} sums over samples: linear and cosine kernels, and not for a given similarity. */
        GRAM_FREE
    }

    /**
     * Plans {@code du = dJ/du} and the objective's value.
     *
     * @param du like {@code u}
     * @param value {@code [3]}, F64: the objective, {@code dep(K, K)}, {@code dep(L, K)}
     * @param u codes {@code [B, ...]} with {@code G} numbers in a row, F32 or T
     * @param teaching gives {@code L}
     * @param spec the objective
     * @param form how to compute it
     * @param meter null to add up nothing
     * @return the planned operation
     * @throws IllegalArgumentException if the form cannot compute this objective
     */
    R gradient(Tensor du, Tensor value, Tensor u, Teaching teaching, Spec spec, Form form, @Nullable Meter meter);

    /**
     * {@return the cheaper form of a gradient that both compute} Unless a backend knows better, that of fewer multiplications.
     *
     * @param u codes {@code [B, ...]}
     * @param teaching gives {@code L}
     * @param spec the objective
     */
    default Form cheaper(Tensor u, Teaching teaching, Spec spec) {
        long width = u.shape().rowSize();
        long samples = u.shape().extent(0);
        return width * width + width * teaching.outputs() < samples * width ? Form.GRAM_FREE : Form.GRAM;
    }

    /**
     * Sums over samples that hold all that a gradient needs of the others: of several devices' batches they can be added up
     * before {@link #gradientFromStatistics}, which then gives the exact gradient of the whole batch.
     *
     * @param count {@code [1]}, F64: samples
     * @param codeSum {@code [G]}, F64: {@code t = sum_b vh_b}, where {@code vh} is the centred code, and of length 1 with the
     *     cosine kernel
     * @param codeProducts {@code [G, G]}, F64: {@code Vh' Vh}
     * @param teachingProducts {@code [M, G]}, F64: {@code Y' Vh}
     * @param teachingSum {@code [M]}, F64: {@code Y' 1} (the class counts {@code n_c})
     * @param teachingProductsSquared {@code [M, M]}, F64: {@code Y' Y}; null with class labels
     */
    record Statistics(
            Tensor count,
            Tensor codeSum,
            Tensor codeProducts,
            Tensor teachingProducts,
            Tensor teachingSum,
            @Nullable Tensor teachingProductsSquared) {
        /** {@return those that there are} */
        public List<Tensor> tensors() {
            return Stream.of(count, codeSum, codeProducts, teachingProducts, teachingSum, teachingProductsSquared)
                    .filter(Objects::nonNull)
                    .toList();
        }
    }

    /**
     * Plans the statistics of a batch, overwriting {@code out}. For linear and cosine kernels; classes or targets.
     *
     * @param out receives the statistics
     * @param u codes {@code [B, ...]} with {@code G} numbers in a row, F32 or T
     * @param teaching gives {@code L}
     * @param spec the objective
     * @return the planned operation
     */
    R codeStatistics(Statistics out, Tensor u, Teaching teaching, Spec spec);

    /**
     * Plans the gradient for these codes from statistics that hold their sums and perhaps others'. See {@link #gradient}.
     *
     * @param du like {@code u}
     * @param value {@code [3]}, F64: the objective, {@code dep(K, K)}, {@code dep(L, K)}
     * @param u codes {@code [B, ...]} with {@code G} numbers in a row, F32 or T
     * @param teaching gives {@code L}
     * @param statistics of these codes, and perhaps of others
     * @param spec the objective
     * @param meter adds up the loss; null for nothing
     * @return the planned operation
     */
    R gradientFromStatistics(
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            Statistics statistics,
            Spec spec,
            @Nullable Meter meter);
}
