package io.github.kib4j.bench.training;

import java.util.Map;

/**
 * What one process measured.
 *
 * @param description versions and instruction sets of the contender
 * @param steps timed
 * @param seconds of those steps
 * @param phaseMilliseconds of a step
 * @param cpuUse processor time of the process over wall time and threads; 1 if all threads computed all the time
 * @param peakBytes the greatest resident memory of the process
 */
public record Measurement(
        String description,
        long steps,
        double seconds,
        double imagesPerSecond,
        Map<String, Double> phaseMilliseconds,
        double cpuUse,
        long peakBytes) {}
