/**
 * Layers: what a network is made of, its parameters on a device, and the passes through it.
 *
 * <p>A layer knows how to compute what it sends on and how a third factor (or, for backprop, an output gradient) becomes the
 * gradient of its own parameters. It does not know what objective the factor comes from, nor how parameters are updated.
 */
@NullMarked
package io.github.kib4j.layer;

import org.jspecify.annotations.NullMarked;
