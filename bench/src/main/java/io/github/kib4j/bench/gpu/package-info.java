/**
 * kib4j's own steps of {@code bench/gpu/device-check}: whole training steps timed ({@link
 * io.github.kib4j.bench.gpu.StepsBenchmark}), and trainings to marks of accuracy ({@link io.github.kib4j.bench.gpu.MarksTraining}).
 * Both write what they have after each row, so that a run that is cut off leaves it.
 */
@NullMarked
package io.github.kib4j.bench.gpu;

import org.jspecify.annotations.NullMarked;
