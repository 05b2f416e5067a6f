/** Checkpoints: a run's weights, its optimizers' state, where it stands and whose it is, in folders that survive kills. */
@NullMarked
package io.github.kib4j.checkpoint;

import org.jspecify.annotations.NullMarked;
