package io.github.kib4j.cpu;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.DeviceProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Provides the CPU device on Linux x86-64 processors with AVX2. Everything native is behind {@link CpuBackend}. */
public final class CpuProvider implements DeviceProvider {
    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Optional<String> unavailable() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch", "");
        if (!system.contains("linux") || !processor.equals("amd64")) {
            return Optional.of("its native libraries are for Linux on x86-64, but this is " + system + " on "
                    + processor + "; the device 'reference' computes here, slowly.");
        }
        if (!hasAvx2()) {
            return Optional.of(
                    "this processor has no AVX2 instructions; the device 'reference' computes here, slowly.");
        }
        return loadFailure();
    }

    private static boolean hasAvx2() {
        String properties = property("flags");
        return properties.isEmpty() || (properties + " ").contains(" avx2 "); // unknown: loading will tell
    }

    /** Returns the processor's name. */
    private static String processor() {
        String name = property("model name");
        return name.isEmpty() ? "x86-64" : name;
    }

    /** Returns what Linux says of the first processor; empty if nothing. */
    private static String property(String key) {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo"), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    private static Optional<String> loadFailure() {
        try {
            CpuBackend.load();
            return CpuLibrary.problem();
        } catch (LinkageError | RuntimeException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return Optional.of("its native libraries do not load (" + cause + "); check that "
                    + (CpuProvider.class.getModule().isNamed()
                            ? "Java was started with --add-modules ALL-MODULE-PATH, that the module path"
                            : "the class path")
                    + " has the linux-x86_64 jars of kib4j-cpu, kib4j-bindings, javacpp, dnnl and opencl beside those without, and that JavaCPP's"
                    + " cache (~/.javacpp) can be written.");
        }
    }

    @Override
    public List<DeviceInfo> devices() {
        return unavailable().isPresent() ? List.of() : List.of(new DeviceInfo(name(), 0, processor()));
    }

    @Override
    public Backend open(DeviceOptions options) {
        unavailable().ifPresent(reason -> {
            throw new IllegalStateException("Device 'cpu' cannot be used here: " + reason);
        });
        int threads = options.threads();
        return CpuBackend.open(
                processor(), threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
    }
}
