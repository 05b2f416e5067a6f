/**
 * Files that survive kills, files of named arrays (safetensors), and the little JSON, SHA-256 and Protocol Buffers that files need.
 */
@NullMarked
package io.github.kib4j.files;

import org.jspecify.annotations.NullMarked;
