/** Labelled images as bytes: an interface that data sets implement. */
@NullMarked
package io.github.kib4j.data;

import org.jspecify.annotations.NullMarked;
