package com.example.foreign;

import io.github.kib4j.testkit.DependenceContract;

/** Dependence on a foreign backend. */
final class ForeignDependenceTest extends DependenceContract {
    @Override
    protected String device() {
        return "foreign";
    }
}
