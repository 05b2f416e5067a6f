package io.github.kib4j.train;

import io.github.kib4j.testkit.OptionsContract;

/** Options of training and evaluation on the reference. */
final class ReferenceOptionsTest extends OptionsContract {
    @Override
    protected String device() {
        return "reference";
    }
}
