package io.github.kib4j.bench.djl;

import ai.djl.ndarray.NDArray;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;

/** {@code pHSIC(K, K) - gamma pHSIC(L, K)} in DJL's functions (docs/mathematics.md, section 3.6). */
record DjlObjective(ObjectiveOps.Spec spec) {
    /** Returns the objective of codes {@code [B, G]} and the labels' Gram matrix. */
    NDArray of(NDArray code, NDArray teaching) {
        NDArray v = spec.centred() ? code.sub(code.mean(new int[] {1}, true)) : code;
        NDArray gram = gram(v, spec.kernel());
        NDArray centred = gram.sub(gram.mean());
        NDArray taught = teaching.sub(teaching.mean());
        return centred.mul(gram).mean().sub(taught.mul(gram).mean().mul((float) spec.gamma()));
    }

    /** Returns the labels' Gram matrix {@code [B, B]}: the cosine kernel of centred one-hot vectors. */
    static NDArray teaching(NDArray oneHot) {
        return gram(oneHot.sub(oneHot.mean(new int[] {1}, true)), Kernel.COSINE);
    }

    private static NDArray gram(NDArray v, Kernel kernel) {
        return switch (kernel.kind()) {
            case LINEAR -> v.matMul(v.transpose());
            case COSINE -> {
                NDArray unit = v.div(v.square().sum(new int[] {1}, true).sqrt());
                yield unit.matMul(unit.transpose());
            }
            default -> {
                NDArray squares = v.square().sum(new int[] {1}, true);
                NDArray distances = squares.add(squares.transpose())
                        .sub(v.matMul(v.transpose()).mul(2));
                NDArray sum = distances.zerosLike();
                for (double sigma : kernel.widths()) {
                    sum = sum.add(
                            distances.mul((float) (-1 / (2 * sigma * sigma))).exp());
                }
                yield sum.div(kernel.widths().size());
            }
        };
    }
}
