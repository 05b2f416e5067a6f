/** Data sets: readers of the usual file formats, where files are looked for, downloads with checksum, and generated images. */
@NullMarked
package io.github.kib4j.datasets;

import org.jspecify.annotations.NullMarked;
