package io.github.kib4j.op;

import java.util.Optional;

/**
 * A kind of device, found through {@link java.util.ServiceLoader}: a backend's jar names its provider, which has a public constructor
 * without arguments, in {@code META-INF/services/io.github.kib4j.op.DeviceProvider}. Who packs several backends into one jar joins
 * these files (maven-shade: {@code ServicesResourceTransformer}); kib4j's own are found without.
 */
public interface DeviceProvider {
    /** {@return the name users type: {@code reference}, {@code cpu}, {@code cuda}} */
    String name();

    /** {@return the rank in the choice of {@code auto}: the usable provider with the highest is taken} */
    int priority();

    /** {@return why it cannot be used on this machine and what to do about it, in one sentence; empty if it can} */
    Optional<String> unavailable();

    /**
     * Opens the device.
     *
     * @param threads how many processor threads to use; 0 for all
     * @return the device, which the caller closes
     * @throws IllegalStateException if it is {@linkplain #unavailable() unavailable}
     */
    Device open(int threads);
}
