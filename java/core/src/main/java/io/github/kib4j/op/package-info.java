/**
 * Operations: what a backend computes, declared once, in small interfaces by family; and programs of them, whose order and memory
 * are planned from what they read and write.
 *
 * <p>Each method of a family plans an {@link io.github.kib4j.op.Operation}: it checks shapes and types, chooses kernels, and says
 * what is read and written. A {@link io.github.kib4j.op.Program} of operations gives tensors their places and binds them; running
 * it allocates nothing, copies nothing to the host and waits for nothing. Arguments come outputs first, then inputs, then
 * settings. Shapes use the letters of {@code docs/mathematics.md}, section 1: {@code B} batch, {@code D} inputs, {@code N} units,
 * {@code C,H,W} channels, height and width, {@code G} groups of {@code n = N/G} units, {@code M} classes. {@code T} stands for the
 * type of activations ({@code F32} or {@code BF16}; {@code F64} in the reference backend). Weights, statistics, codes and optimizer
 * state are {@code F32}.
 *
 * <p>A call with shapes or types that do not fit is an {@link java.lang.IllegalArgumentException} that names the operation,
 * the argument, and what was expected.
 */
@NullMarked
package io.github.kib4j.op;

import org.jspecify.annotations.NullMarked;
