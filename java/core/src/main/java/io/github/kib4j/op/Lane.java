package io.github.kib4j.op;

/**
 * A queue of a program's steps: those of one lane run in order. Steps of two lanes may run at the same time where a device can, and
 * wait for each other only where one touches what the other writes.
 */
public enum Lane {
    /** What leads to the next layer. */
    MAIN,
    /** What only a layer's own learning needs: its objective, its gradients, its optimizer. */
    UPDATE
}
