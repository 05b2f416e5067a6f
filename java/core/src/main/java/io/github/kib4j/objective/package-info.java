/**
 * Local objectives: how dependent a layer's codes are on each other and on the teaching signal, and the gradient of it, the
 * third factor; of a batch at once or pair by pair; or how well a classifier of its own tells a layer's activity apart. An objective
 * sees codes, or activity, and teaching signal, never a layer.
 */
@NullMarked
package io.github.kib4j.objective;

import org.jspecify.annotations.NullMarked;
