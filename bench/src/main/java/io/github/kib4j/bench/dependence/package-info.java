/** kib4j's part of {@code bench/dependence}: dependence measures of arrays in files, beside numpy's of the same. */
@NullMarked
package io.github.kib4j.bench.dependence;

import org.jspecify.annotations.NullMarked;
