package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;

/**
 * Which of a provider's devices is opened, and how.
 *
 * @param index which one, from 0, where a machine has several of a kind
 * @param threads how many processor threads a device that computes on the processor may use; 0 for all
 */
public record DeviceOptions(int index, int threads) {
    /**
     * Checks the numbers.
     *
     * @param index which one, from 0
     * @param threads how many processor threads; 0 for all
     */
    public DeviceOptions {
        if (index < 0 || threads < 0) {
            throw new RefusedException(
                    "A device's number and its threads must be at least 0, but are " + index + " and " + threads + ".");
        }
    }
}
