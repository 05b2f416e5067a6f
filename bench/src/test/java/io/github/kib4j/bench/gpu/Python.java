package io.github.kib4j.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs programs of {@code bench/gpu} by the machine's python3, with an environment that has nothing but what is given. */
final class Python {
    static final Path GPU = Path.of("gpu").toAbsolutePath();
    private static final long PATIENCE = 400;

    private Python() {}

    /** What a program printed, without the last line's end, and its exit status. */
    record Ended(int status, String output) {}

    /** Runs python3 with these arguments; where there is none, the test is skipped. */
    static Ended run(Map<String, String> environment, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(python()));
        command.addAll(arguments);
        return runProgram(environment, command);
    }

    /** Runs any program; python3 is on its path. */
    static Ended runProgram(Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        python();
        Path said = Files.createTempFile("kib-python", ".txt");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .redirectInput(new File("/dev/null"));
            builder.environment().clear();
            builder.environment().put("PATH", System.getenv("PATH"));
            builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
            builder.environment().putAll(environment);
            Process process = builder.start();
            boolean ended = process.waitFor(PATIENCE, TimeUnit.SECONDS);
            process.destroyForcibly();
            String output = Files.readString(said, StandardCharsets.UTF_8).strip();
            assertThat(ended).as(output).isTrue();
            return new Ended(process.exitValue(), output);
        } finally {
            Files.delete(said);
        }
    }

    private static String python() {
        String found = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, "python3"))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElse("");
        assumeTrue(!found.isEmpty(), "There is no python3 on the PATH; Debian's package python3 brings it.");
        return found;
    }
}
