/**
 * Tensors: a shape, an element type and memory on one device, owned by a {@link io.github.kib4j.tensor.Scope}.
 *
 * <p>The package knows nothing of what is computed with them.
 */
@NullMarked
package io.github.kib4j.tensor;

import org.jspecify.annotations.NullMarked;
