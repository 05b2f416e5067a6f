package io.github.kib4j.bench.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;

/** Measures one configuration in this process: {@code TrainingRun CONFIGURATION SECONDS IMAGES}. */
final class TrainingRun {
    /** What the line with the measurement begins with. */
    static final String RESULT = "MEASUREMENT ";
    /** What the line begins with that says why there is none. */
    static final String UNSUPPORTED = "UNSUPPORTED ";
    /** Part of the time that warms up before, at least one step. */
    private static final double WARM_UP = 0.25;

    private TrainingRun() {}

    /** Prints the measurement as JSON on one line. */
    public static void main(String[] args) throws IOException {
        Configuration configuration = Configuration.parse(args[0]);
        try {
            Measurement measurement = measure(configuration, Double.parseDouble(args[1]), Integer.parseInt(args[2]));
            System.out.println(RESULT + new ObjectMapper().writeValueAsString(measurement));
        } catch (UnsupportedOperationException e) {
            System.out.println(UNSUPPORTED + e.getMessage());
        }
    }

    private static Measurement measure(Configuration configuration, double seconds, int images) throws IOException {
        int threads = configuration.threads();
        try (Session session = contender(configuration.contender()).open(configuration.workload(), threads, images)) {
            train(session, WARM_UP * seconds);
            Map<String, Double> before = session.phaseSeconds();
            long cpuStart = cpuNanoseconds();
            long start = System.nanoTime();
            long steps = train(session, seconds);
            long wall = System.nanoTime() - start;
            double cpuUse = (double) (cpuNanoseconds() - cpuStart) / wall / threads;
            Map<String, Double> phases = new LinkedHashMap<>();
            session.phaseSeconds()
                    .forEach((name, total) -> phases.put(name, 1e3 * (total - before.getOrDefault(name, 0.0)) / steps));
            double imagesPerSecond = steps * configuration.workload().batch() / (wall * 1e-9);
            return new Measurement(
                    session.description(), steps, wall * 1e-9, imagesPerSecond, phases, cpuUse, peakBytes());
        }
    }

    private static long train(Session session, double seconds) {
        long start = System.nanoTime();
        return session.train(() -> (System.nanoTime() - start) * 1e-9 < seconds);
    }

    private static Contender contender(String name) {
        return ServiceLoader.load(Contender.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(contender -> contender.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no contender '" + name + "' here."));
    }

    private static long cpuNanoseconds() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    /** The kernel's VmHWM, which it gives in units of 1024 bytes. */
    private static long peakBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }
}
