package io.github.kib4j.cuda;

import io.github.kib4j.tensor.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How programs run on a device. Results are the same bits with and without graphs, lanes and arena.
 *
 * @param graph whether a program that is run again is captured as a graph
 * @param lanes whether updates run beside what leads to the next layer
 * @param arena whether what a program computes on the way shares memory; if not, each tensor has its own
 * @param tf32 whether products of single-precision numbers round their operands to TF32
 * @param ranges whether NVIDIA's profilers are told which layer and phase runs
 * @param convolution the way that convolutions are computed: a name, or {@code auto}
 */
record CudaOptions(boolean graph, boolean lanes, boolean arena, boolean tf32, boolean ranges, String convolution) {
    /** The variable of the environment that asks for ranges. */
    static final String RANGES = "KIB_NVTX";

    /** The fastest way that keeps all digits. */
    static final CudaOptions DEFAULT = of(Map.of(), null);

    /** {@return the names of the settings, and what each may be} */
    static Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        for (String name : new String[] {"graph", "lanes", "arena", "tf32", "ranges"}) {
            settings.put(name, "on or off");
        }
        settings.put("convolution", "a way to compute convolutions: " + ConvolutionFamily.names());
        return settings;
    }

    /**
     * {@return the options of settings}
     *
     * @param settings by name; what is missing is as by default, or as the environment's {@code KIB_NVTX} has it
     */
    static CudaOptions of(Map<String, String> settings) {
        return of(settings, System.getenv(RANGES));
    }

    /**
     * {@return the options of settings}
     *
     * @param settings by name; what is missing is as by default
     * @param profiled {@code 1}: with ranges; {@code layers}: and without graphs, whose ranges are those of whole programs; null,
     *     empty or {@code 0}: without
     */
    static CudaOptions of(Map<String, String> settings, @Nullable String profiled) {
        String value = profiled == null || profiled.isEmpty() ? "0" : profiled;
        if (!List.of("0", "1", "layers").contains(value)) {
            throw new RefusedException(
                    RANGES + " is '1' (ranges for NVIDIA's profilers) or 'layers' (and no graphs), not '" + value
                            + "'; set it so, or unset it.");
        }
        return new CudaOptions(
                isOn(settings, "graph", !value.equals("layers")),
                isOn(settings, "lanes", true),
                isOn(settings, "arena", true),
                isOn(settings, "tf32", false),
                isOn(settings, "ranges", !value.equals("0")),
                settings.getOrDefault("convolution", "auto"));
    }

    private static boolean isOn(Map<String, String> settings, String name, boolean usual) {
        String value = settings.get(name);
        if (value == null) {
            return usual;
        }
        if (!value.equals("on") && !value.equals("off")) {
            throw new RefusedException(
                    "The cuda device's setting '" + name + "' is 'on' or 'off', not '" + value + "'.");
        }
        return value.equals("on");
    }
}
