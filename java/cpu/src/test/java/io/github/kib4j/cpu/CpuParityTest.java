package io.github.kib4j.cpu;

import io.github.kib4j.testkit.ParityContract;

/** The CPU backend equals the reference on the one list of cases, in both precisions. */
final class CpuParityTest extends ParityContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
