/**
 * What every backend is held to, whoever wrote it: one list of cases of all operations ({@link
 * io.github.kib4j.testkit.OperationCases}), contracts of devices, programs, training and its options, resuming, saved models and dependence, golden trainings of the authors'
 * own implementation, and tiny runs.
 *
 * <p>The list drives three things: every backend's {@linkplain io.github.kib4j.testkit.ParityContract parity} with the reference,
 * {@linkplain io.github.kib4j.testkit.FiniteDifferences finite differences} of the reference, and, at the sizes of the paper's
 * networks, {@linkplain io.github.kib4j.testkit.StepOperations measurements}. A new operation without a case fails the build.
 *
 * <p>A backend that implements {@link io.github.kib4j.op.DeviceProvider} and names it in its service file is tested by one class of
 * eleven lines for each contract:
 *
 * <pre>{@code
 * package com.example.tpu;
 *
 * import io.github.kib4j.testkit.TrainingContract;
 *
 * // Training on the TPU.
 * final class TpuTrainingTest extends TrainingContract {
 *     @Override
 *     protected String device() {
 *         return "tpu";
 *     }
 * }
 * }</pre>
 *
 * and likewise for {@link io.github.kib4j.testkit.ParityContract}, {@link io.github.kib4j.testkit.DeviceContract}, {@link
 * io.github.kib4j.testkit.ProgramContract}, {@link io.github.kib4j.testkit.ResumeContract}, {@link
 * io.github.kib4j.testkit.OptionsContract}, {@link io.github.kib4j.testkit.ModelContract} and {@link
 * io.github.kib4j.testkit.DependenceContract}. Of the authors' recorded steps {@link
 * io.github.kib4j.testkit.GoldenTraining} tells how far a device comes from them; what is near enough depends on its arithmetic.
 * Inputs are drawn from a seed; a failure says how to repeat it ({@code -Dkib4j.seed=N}).
 */
@NullMarked
package io.github.kib4j.testkit;

import org.jspecify.annotations.NullMarked;
