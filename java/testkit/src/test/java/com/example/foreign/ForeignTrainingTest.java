package com.example.foreign;

import io.github.kib4j.testkit.TrainingContract;

/** Training on a foreign backend. */
final class ForeignTrainingTest extends TrainingContract {
    @Override
    protected String device() {
        return "foreign";
    }
}
