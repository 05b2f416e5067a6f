package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import java.util.Map;

/**
 * Which of a provider's devices is opened, and how.
 *
 * @param index which one, from 0, where a machine has several of a kind
 * @param threads how many processor threads a device that computes on the processor may use; 0 for all
 * @param settings what else a provider lets one choose, by name: of those that {@link DeviceProvider#settings} has
 */
public record DeviceOptions(int index, int threads, Map<String, String> settings) {
    /**
     * Checks the numbers.
     *
     * @param index which one, from 0
     * @param threads how many processor threads; 0 for all
     * @param settings what else is chosen
     */
    public DeviceOptions {
        settings = Map.copyOf(settings);
        if (index < 0 || threads < 0) {
            throw new RefusedException(
                    "A device's number and its threads must be at least 0, but are " + index + " and " + threads + ".");
        }
    }

    /**
     * Chooses nothing else.
     *
     * @param index which one, from 0
     * @param threads how many processor threads; 0 for all
     */
    public DeviceOptions(int index, int threads) {
        this(index, threads, Map.of());
    }
}
