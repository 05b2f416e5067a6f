package io.github.kib4j.testkit;

import java.util.Locale;

/** The products of a layer's training step. */
public enum Product {
    /** Output from input and weights. */
    FORWARD,
    /** Gradient with respect to the weights. */
    WEIGHT_GRADIENT,
    /** Gradient with respect to the input: backprop's alone. */
    DATA_GRADIENT;

    /** {@return the name in tables} */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
