package io.github.kib4j.cpu;

import io.github.kib4j.testkit.DependenceContract;

/** Dependence on the CPU backend. */
final class CpuDependenceTest extends DependenceContract {
    @Override
    protected String device() {
        return "cpu";
    }
}
