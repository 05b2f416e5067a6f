package io.github.kib4j.op;

/** What a part of a training step is for. */
public enum Phase {
    /** Gathering and augmenting the batch. */
    DATA,
    /** Computing activities. */
    FORWARD,
    /** Losses and what they ask of the activities. */
    OBJECTIVE,
    /** Gradients of parameters. */
    GRADIENT,
    /** Optimizers. */
    OPTIMIZER
}
