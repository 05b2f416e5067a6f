/**
 * The CPU backend: oneDNN for products, convolutions and batch normalization, and the kernels of {@code native/} for all else.
 * Four-dimensional tensors are stored channels-last.
 */
@NullMarked
package io.github.kib4j.cpu;

import org.jspecify.annotations.NullMarked;
