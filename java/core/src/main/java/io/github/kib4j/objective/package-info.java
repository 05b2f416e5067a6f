/**
 * Local objectives: how dependent a layer's codes are on each other and on the teaching signal, and the gradient of it, the
 * third factor. An objective sees codes and teaching signal, never a layer.
 */
@NullMarked
package io.github.kib4j.objective;

import org.jspecify.annotations.NullMarked;
