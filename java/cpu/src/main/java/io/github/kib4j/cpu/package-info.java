/**
 * The CPU backend: oneDNN for products and convolutions, and the kernels of {@code native/} for all else.
 * Four-dimensional tensors are stored channels-last.
 */
@NullMarked
package io.github.kib4j.cpu;

import org.jspecify.annotations.NullMarked;
