/** Training runs: epochs over a data set that lives on the device, and evaluation. */
@NullMarked
package io.github.kib4j.train;

import org.jspecify.annotations.NullMarked;
