package io.github.kib4j.cpu;

import io.github.kib4j.testkit.ProgramContract;

/** Programs of the cpu backend. */
final class CpuProgramTest extends ProgramContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
