package io.github.kib4j.train;

import io.github.kib4j.testkit.TrainingContract;

/** Training on the reference backend. */
final class ReferenceTrainingTest extends TrainingContract {
    @Override
    protected String device() {
        return "reference";
    }
}
