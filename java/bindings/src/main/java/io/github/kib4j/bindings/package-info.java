/**
 * The settings of native kernels: structs of {@code native/include/kib}, filled from what {@link io.github.kib4j.op} says. Shared by
 * all backends whose kernels have that interface, on whatever device their memory lies.
 */
@NullMarked
package io.github.kib4j.bindings;

import org.jspecify.annotations.NullMarked;
