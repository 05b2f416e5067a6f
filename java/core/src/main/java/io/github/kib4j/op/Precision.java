package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;

/** The precision of activations and of the products of layers. Weights, statistics and optimizer state are always single. */
public enum Precision {
    /** Single precision. */
    F32(DataType.F32),
    /** bfloat16 activations and products with single-precision accumulation. */
    BF16(DataType.BF16);

    private final DataType activations;

    Precision(DataType activations) {
        this.activations = activations;
    }

    /** {@return the type of activations} */
    public DataType activations() {
        return activations;
    }
}
