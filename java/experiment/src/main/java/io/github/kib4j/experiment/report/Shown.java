package io.github.kib4j.experiment.report;

import org.jspecify.annotations.Nullable;

/**
 * A run as a report shows it.
 *
 * @param label tells it from the others
 * @param colour class of the style sheet that has its colour
 * @param view what its network says of test images; null where that cannot be known
 */
record Shown(
        ReportedRun run,
        String label,
        String colour,
        @Nullable NetworkView view) {}
