package io.github.kib4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The command line in a process of its own, which can be killed. */
final class Child implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 300;

    private final Process process;
    private final Path err;

    Child(Path err, List<String> arguments) throws IOException {
        this(err, arguments, Map.of());
    }

    /** Starts it with more variables in its environment. */
    Child(Path err, List<String> arguments, Map<String, String> environment) throws IOException {
        this.err = err;
        List<String> command = new ArrayList<>(java());
        command.add(Kib.class.getName());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        process = builder.start();
    }

    /** Returns the command for a small Java with this one's class path; signals that this one ignores are not ignored. */
    static List<String> java() {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/env"))) {
            command.addAll(List.of("/usr/bin/env", "--default-signal=INT,TERM,HUP"));
        }
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx768m",
                "-cp",
                classPath));
        return command;
    }

    long pid() {
        return process.pid();
    }

    boolean endsWithin(long nanoseconds) throws InterruptedException {
        return process.waitFor(nanoseconds, TimeUnit.NANOSECONDS);
    }

    /** Waits for the end and returns the exit code. */
    int code() throws InterruptedException, IOException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("The process does not end; it said: " + said());
        }
        return process.exitValue();
    }

    String said() throws IOException {
        return Files.readString(err);
    }

    /** Waits until a file is there. */
    void await(Path file) throws InterruptedException, IOException {
        while (!Files.exists(file)) {
            if (endsWithin(2_000_000)) {
                throw new AssertionError("The process ended before " + file + " was there; it said: " + said());
            }
        }
    }

    /** Waits until the process has said these words. */
    void awaitWords(String words) throws InterruptedException, IOException {
        while (!said().contains(words)) {
            if (endsWithin(2_000_000)) {
                throw new AssertionError("The process ended before it said '" + words + "'; it said: " + said());
            }
        }
    }

    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
