package io.github.kib4j.experiment.report;

import org.jspecify.annotations.Nullable;

/**
 * A run as a report shows it.
 *
 * @param label tells it from the others
 * @param view what its network says of test images; null where that cannot be known
 */
record Shown(ReportedRun run, String label, @Nullable NetworkView view) {}
