package io.github.kib4j.bench.products;

/** The arrays of a layer's products. */
enum Role {
    /** Input. */
    X,
    /** Weights. */
    W,
    /** Output, and stand-in for its gradient. */
    Y,
    /** Gradient with respect to the weights. */
    DW,
    /** Gradient with respect to the input. */
    DX
}
