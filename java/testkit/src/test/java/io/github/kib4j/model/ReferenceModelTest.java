package io.github.kib4j.model;

import io.github.kib4j.testkit.ModelContract;

/** Saved models on the reference. */
final class ReferenceModelTest extends ModelContract {
    @Override
    protected String device() {
        return "reference";
    }
}
