/** Experiments: settings from files and presets, what they mean, runs and their folders. The command line parses and prints. */
@NullMarked
package io.github.kib4j.experiment;

import org.jspecify.annotations.NullMarked;
