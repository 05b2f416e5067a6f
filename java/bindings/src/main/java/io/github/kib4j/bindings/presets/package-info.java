/** What the JavaCPP parser needs to make Java bindings of the C interface's constants and structs. */
@NullMarked
package io.github.kib4j.bindings.presets;

import org.jspecify.annotations.NullMarked;
