package io.github.kib4j.objective;

import io.github.kib4j.testkit.DependenceContract;

/** Dependence on the reference backend. */
final class ReferenceDependenceTest extends DependenceContract {
    @Override
    protected String device() {
        return "reference";
    }

    /** In plain Java. */
    @Override
    protected int manySamplesHere() {
        return 1200;
    }
}
