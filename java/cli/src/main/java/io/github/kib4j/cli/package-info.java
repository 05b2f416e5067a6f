/** The command line: settings from options, files and presets; runs and their folders; progress. */
@NullMarked
package io.github.kib4j.cli;

import org.jspecify.annotations.NullMarked;
