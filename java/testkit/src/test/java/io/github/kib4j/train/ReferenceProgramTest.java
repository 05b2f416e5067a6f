package io.github.kib4j.train;

import io.github.kib4j.testkit.ProgramContract;

/** Programs of the reference backend. */
final class ReferenceProgramTest extends ProgramContract {
    @Override
    protected String device() {
        return "reference";
    }
}
