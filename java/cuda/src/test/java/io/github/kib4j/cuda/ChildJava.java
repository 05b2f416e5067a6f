package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A small Java process with this one's classes and an empty environment: what is loaded once is loaded there anew. */
final class ChildJava {
    private static final int PATIENCE_SECONDS = 120;

    private ChildJava() {}

    /**
     * What a process said.
     *
     * @param code how it ended
     * @param text standard output and error
     */
    record Said(int code, String text) {}

    static Said run(Class<?> main, Map<String, String> environment, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx128m"));
        // What this process is watched by, JaCoCo, watches that one, too.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("-javaagent:"))
                .forEach(command::add);
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile("kib4j", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
            builder.environment().clear();
            builder.environment().put("KIB_EMULATOR_CACHE", "none");
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            int code = process.waitFor();
            String text = Files.readString(out, StandardCharsets.UTF_8);
            assertThat(text).as("a process that ended with %d", code).doesNotContain("\tat ");
            return new Said(code, text);
        } finally {
            Files.delete(out);
        }
    }
}
