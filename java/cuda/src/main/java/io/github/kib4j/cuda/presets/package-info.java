/** What the JavaCPP parser is told. */
@NullMarked
package io.github.kib4j.cuda.presets;

import org.jspecify.annotations.NullMarked;
