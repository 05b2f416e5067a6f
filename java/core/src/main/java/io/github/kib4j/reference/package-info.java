/**
 * The reference backend: every operation in plain Java and double precision, in loops to read beside
 * {@code docs/mathematics.md}. It is the truth in tests, and runs without any native library.
 */
@NullMarked
package io.github.kib4j.reference;

import org.jspecify.annotations.NullMarked;
