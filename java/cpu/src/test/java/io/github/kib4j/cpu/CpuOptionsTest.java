package io.github.kib4j.cpu;

import io.github.kib4j.testkit.OptionsContract;

/** Options of training and evaluation on the CPU backend. */
final class CpuOptionsTest extends OptionsContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
