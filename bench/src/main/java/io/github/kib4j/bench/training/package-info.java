/**
 * Whole training steps of kib4j, of what it is compared with, and of their bound; every configuration in a process of its own,
 * taking turns.
 */
@NullMarked
package io.github.kib4j.bench.training;

import org.jspecify.annotations.NullMarked;
