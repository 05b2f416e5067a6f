package io.github.kib4j.objective;

import io.github.kib4j.op.Kernel;

/**
 * How similar two codes are found (docs/mathematics.md, sections 3.3 and 3.4).
 *
 * @param kernel compares them
 * @param centred whether each is centred over its entries before
 */
public record Comparison(Kernel kernel, boolean centred) {}
