/**
 * Experiments: settings from files and presets, what they mean, runs and their folders; studies, which compare runs: candidates of
 * trials, what trains them, tables. The command line parses and prints.
 */
@NullMarked
package io.github.kib4j.experiment;

import org.jspecify.annotations.NullMarked;
