/** oneDNN's own primitives, called bare: the bound of what kib4j's products take. */
@NullMarked
package io.github.kib4j.bench.products;

import org.jspecify.annotations.NullMarked;
