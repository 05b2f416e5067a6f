/** What the JavaCPP parser needs to make Java bindings of the C headers. */
@NullMarked
package io.github.kib4j.cpu.presets;

import org.jspecify.annotations.NullMarked;
