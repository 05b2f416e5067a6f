/**
 * Trained networks that one can use: a run's checkpoint says all of itself, and {@link io.github.kib4j.model.Model} predicts with it.
 */
@NullMarked
package io.github.kib4j.model;

import org.jspecify.annotations.NullMarked;
