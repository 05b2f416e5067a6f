package io.github.kib4j.op;

/** Estimators of the dependence of two variables from their {@code B x B} Gram matrices. */
public enum Estimator {
    /** {@code mean_ij (A_ij - mean(A)) B_ij}: the "plausible" HSIC of Pogodin and Latham, 2020. */
    PHSIC,
    /** {@code tr(A H B H) / B^2} with {@code H = I - 11'/B}: the biased HSIC of Gretton et al., 2005. */
    HSIC
}
