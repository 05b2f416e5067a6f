package io.github.kib4j.op;

/**
 * What follows the activation of a convolution: 2x2 windows of stride 2, or nothing. Of an odd height or width the last row or
 * column is in no window: it is left out, and its gradient is 0 (as in PyTorch's pooling).
 */
public enum Pooling {
    /** No pooling. */
    NONE,
    /** The largest of a window; the first in row-major order wins a tie, NaN propagates. */
    MAX,
    /** The mean of a window. */
    AVERAGE
}
