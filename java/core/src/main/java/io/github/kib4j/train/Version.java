package io.github.kib4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Which kib4j this is. */
public final class Version {
    /** Name and number of the version. */
    public static final String NUMBER = "0.1.0-SNAPSHOT";

    /** The commit it was built from, {@code -dirty} if files had been changed; {@code unknown} without a repository. */
    public static final String COMMIT = commit();

    private Version() {}

    private static String commit() {
        try (InputStream in = Version.class.getResourceAsStream("commit")) {
            return in == null ? "unknown" : new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
