package io.github.kib4j.train;

/** Which kib4j this is. */
public final class Version {
    /** Name and number of the version. */
    public static final String NUMBER = "0.1.0-SNAPSHOT";

    private Version() {}
}
