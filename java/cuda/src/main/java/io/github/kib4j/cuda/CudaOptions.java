package io.github.kib4j.cuda;

import io.github.kib4j.tensor.RefusedException;
import java.util.Map;
import java.util.TreeMap;

/**
 * How programs run on a device. Results are the same bits with and without graphs, lanes and arena.
 *
 * @param graph whether a program that is run again is captured as a graph
 * @param lanes whether updates run beside what leads to the next layer
 * @param arena whether what a program computes on the way shares memory; if not, each tensor has its own
 * @param tf32 whether products of single-precision numbers round their operands to TF32
 * @param convolution the way that convolutions are computed: a name, or {@code auto}
 */
record CudaOptions(boolean graph, boolean lanes, boolean arena, boolean tf32, String convolution) {
    /** The fastest way that keeps all digits. */
    static final CudaOptions DEFAULT = of(Map.of());

    /** {@return the names of the settings, and what each may be} */
    static Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        for (String name : new String[] {"graph", "lanes", "arena", "tf32"}) {
            settings.put(name, "on or off");
        }
        settings.put("convolution", "a way to compute convolutions: " + ConvolutionFamily.names());
        return settings;
    }

    /**
     * {@return the options of settings}
     *
     * @param settings by name; what is missing is as by default
     */
    static CudaOptions of(Map<String, String> settings) {
        return new CudaOptions(
                isOn(settings, "graph", true),
                isOn(settings, "lanes", true),
                isOn(settings, "arena", true),
                isOn(settings, "tf32", false),
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
