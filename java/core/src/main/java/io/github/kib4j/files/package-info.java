/** Files that survive kills, files of named arrays (safetensors), and the little JSON and SHA-256 that they need. */
@NullMarked
package io.github.kib4j.files;

import org.jspecify.annotations.NullMarked;
