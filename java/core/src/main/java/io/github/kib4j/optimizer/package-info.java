/** Optimizers with their state, and schedules of learning rates. An optimizer sees parameters and gradients, never a layer. */
@NullMarked
package io.github.kib4j.optimizer;

import org.jspecify.annotations.NullMarked;
