package io.github.kib4j.cpu;

import io.github.kib4j.testkit.TrainingContract;

/** Training on the CPU backend. */
final class CpuTrainingTest extends TrainingContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
