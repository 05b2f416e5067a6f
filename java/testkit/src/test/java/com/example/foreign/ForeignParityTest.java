package com.example.foreign;

import io.github.kib4j.testkit.ParityContract;

/** A foreign backend's numbers. */
final class ForeignParityTest extends ParityContract {
    @Override
    protected String device() {
        return "foreign";
    }
}
