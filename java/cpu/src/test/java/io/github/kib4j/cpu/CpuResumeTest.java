package io.github.kib4j.cpu;

import io.github.kib4j.testkit.ResumeContract;

/** Training on the CPU backend. */
final class CpuResumeTest extends ResumeContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
