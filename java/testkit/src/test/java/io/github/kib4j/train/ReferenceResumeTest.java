package io.github.kib4j.train;

import io.github.kib4j.testkit.ResumeContract;

/** Training on the reference backend. */
final class ReferenceResumeTest extends ResumeContract {
    @Override
    protected String device() {
        return "reference";
    }
}
