/** The command line: it parses, and prints what the experiments of {@code io.github.kib4j.experiment} say. */
@NullMarked
package io.github.kib4j.cli;

import org.jspecify.annotations.NullMarked;
