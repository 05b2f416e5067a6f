/** Benchmarks: single operations (JMH) and whole training steps, each beside its bound measured in the same run. */
@NullMarked
package io.github.kib4j.bench;

import org.jspecify.annotations.NullMarked;
