package io.github.kib4j.cpu;

import io.github.kib4j.testkit.GoldenTrainingContract;

/** The authors' training steps on the CPU backend. */
final class CpuGoldenTrainingTest extends GoldenTrainingContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
