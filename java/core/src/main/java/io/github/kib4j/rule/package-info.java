/**
 * Learning rules: which objective teaches a layer, in what order a training step's operations run, and which optimizer updates
 * what.
 */
@NullMarked
package io.github.kib4j.rule;

import org.jspecify.annotations.NullMarked;
