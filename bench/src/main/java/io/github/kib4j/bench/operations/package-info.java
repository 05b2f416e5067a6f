/** Single operations by JMH, each beside its bound measured in the same run. */
@NullMarked
package io.github.kib4j.bench.operations;

import org.jspecify.annotations.NullMarked;
