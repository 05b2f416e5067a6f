package io.github.kib4j.op;

/** What follows the activation of a convolution: 2x2 windows of stride 2 that must tile the image, or nothing. */
public enum Pooling {
    /** No pooling. */
    NONE,
    /** The largest of a window; the first in row-major order wins a tie, NaN propagates. */
    MAX,
    /** The mean of a window. */
    AVERAGE
}
