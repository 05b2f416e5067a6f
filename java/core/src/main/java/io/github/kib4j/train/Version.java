package io.github.kib4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Which kib4j this is, as the build wrote it down. */
public final class Version {
    /** The number of the version, which is that of the Maven artifacts. */
    public static final String NUMBER = read("version");

    /** The commit it was built from, {@code -dirty} if files had been changed; {@code unknown} without a repository. */
    public static final String COMMIT = read("commit");

    private Version() {}

    private static String read(String name) {
        try (InputStream in = Version.class.getResourceAsStream(name)) {
            return in == null ? "unknown" : new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
