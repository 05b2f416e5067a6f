package io.github.kib4j.bench.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.bench.Workload;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Measures configurations, each in a fresh Java process with the options of the {@code kib} command. */
final class Child {
    /** Contenders of the module in {@code bench/djl}. */
    static final List<String> PEERS = List.of("djl");

    /** kib4j as another checkout has built it. */
    static final String AGAINST = "against";

    private static final List<String> JAVA_OPTIONS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4");
    /** System property: class path of the peers. */
    private static final String PEERS_CLASS_PATH = "kib.bench.peers";
    /** As the launcher {@code kib} sets it. */
    private static final String KIB_SPIN_COUNT = "20000";

    private static final List<String> KIB_HEAP = List.of(
            "-Xms64m", "-Xmn32m", "-XX:MinHeapFreeRatio=5", "-XX:MaxHeapFreeRatio=15", "-XX:-ShrinkHeapInSteps");

    /** Seconds that loading, warming up and a slow machine may take beside the time asked for. */
    private static final long PATIENCE = 600;

    private final double seconds;
    private final @Nullable Integer images;
    private final @Nullable Path against;

    /**
     * Sets what is the same for all.
     *
     * @param against the other checkout; null if none is measured
     */
    Child(double seconds, @Nullable Integer images, @Nullable Path against) {
        this.seconds = seconds;
        this.images = images;
        this.against = against;
    }

    /** Returns whether a checkout has the benchmarks' build, which can be measured. */
    static boolean isBuilt(Path checkout) {
        return Files.isDirectory(checkout.resolve("bench/target/lib"));
    }

    private static boolean isKib(Configuration configuration) {
        return configuration.contender().equals(KibContender.NAME)
                || configuration.contender().equals(AGAINST);
    }

    Measurement measure(Configuration configuration) throws IOException, InterruptedException, ChildException {
        Path log = Files.createTempFile("kib-bench", ".log");
        try {
            ProcessBuilder builder = new ProcessBuilder(command(configuration))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .redirectInput(new File("/dev/null"));
            builder.environment().put("OMP_NUM_THREADS", Integer.toString(configuration.threads()));
            if (isKib(configuration)) {
                builder.environment().putIfAbsent("GOMP_SPINCOUNT", KIB_SPIN_COUNT);
            }
            return result(builder.start(), log);
        } finally {
            Files.delete(log);
        }
    }

    private List<String> command(Configuration configuration) throws ChildException {
        Workload workload = configuration.workload();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JAVA_OPTIONS);
        if (isKib(configuration)) {
            command.addAll(KIB_HEAP);
        }
        command.addAll(List.of("-cp", classPath(configuration), TrainingRun.class.getName()));
        command.addAll(List.of(
                calledThere(configuration).toString(),
                Double.toString(seconds),
                Integer.toString(images == null ? workload.usualImages() : images)));
        return command;
    }

    /** What the other checkout calls its own. */
    private static Configuration calledThere(Configuration configuration) {
        return configuration.contender().equals(AGAINST)
                ? configuration.of(KibContender.NAME, configuration.workload().rule())
                : configuration;
    }

    private String classPath(Configuration configuration) throws ChildException {
        if (configuration.contender().equals(AGAINST) && against != null) {
            Path target = against.resolve("bench/target");
            return target.resolve("*") + File.pathSeparator + target.resolve("lib/*");
        }
        if (!PEERS.contains(configuration.contender())) {
            return System.getProperty("java.class.path");
        }
        String classPath = System.getProperty(PEERS_CLASS_PATH);
        if (classPath == null) {
            throw new ChildException("the peers are not built; start with bench/train, which builds them");
        }
        return classPath;
    }

    private Measurement result(Process process, Path log) throws IOException, InterruptedException, ChildException {
        if (!process.waitFor((long) (3 * seconds) + PATIENCE, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new ChildException("it did not end in time");
        }
        List<String> lines = Files.readAllLines(log);
        for (String line : lines) {
            if (line.startsWith(TrainingRun.RESULT)) {
                return new ObjectMapper().readValue(line.substring(TrainingRun.RESULT.length()), Measurement.class);
            }
            if (line.startsWith(TrainingRun.UNSUPPORTED)) {
                throw new UnsupportedOperationException(line.substring(TrainingRun.UNSUPPORTED.length()));
            }
        }
        throw new ChildException(lines.stream()
                .filter(line -> line.contains("Exception") || line.contains("Error"))
                .findFirst()
                .orElse("exit code " + process.exitValue()));
    }
}
