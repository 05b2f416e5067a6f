/** Labelled samples in memory, images or features, of bytes or floats. */
@NullMarked
package io.github.kib4j.data;

import org.jspecify.annotations.NullMarked;
