package com.example.foreign;

import io.github.kib4j.testkit.ResumeContract;

/** Resumed training on a foreign backend. */
final class ForeignResumeTest extends ResumeContract {
    @Override
    protected String device() {
        return "foreign";
    }
}
