package com.example.foreign;

import io.github.kib4j.testkit.ProgramContract;

/** Programs on a foreign backend. */
final class ForeignProgramTest extends ProgramContract {
    @Override
    protected String device() {
        return "foreign";
    }
}
