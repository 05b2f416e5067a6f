package io.github.kib4j.cpu;

import io.github.kib4j.testkit.ModelContract;

/** Saved models on the CPU backend. */
final class CpuModelTest extends ModelContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
