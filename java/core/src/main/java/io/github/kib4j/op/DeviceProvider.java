package io.github.kib4j.op;

import java.util.List;
import java.util.Map;
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
     * {@return whether this machine has no hardware of the kind, nor anybody who expects it} Then nothing is wrong, and {@code auto}
     * takes the next kind without a word.
     */
    default boolean isAbsent() {
        return false;
    }

    /** {@return what the kind needs, part by part, as it was found here; empty if there is no more to tell} */
    default List<DevicePart> parts() {
        return List.of();
    }

    /** {@return the devices of this kind that can be opened here; none if it is {@linkplain #unavailable() unavailable}} */
    List<DeviceInfo> devices();

    /** {@return the names of what {@link DeviceOptions#settings} can say to this kind of device, each with what it may be} */
    default Map<String, String> settings() {
        return Map.of();
    }

    /**
     * Opens a device's backend.
     *
     * @param options which one, and how; its index is one of {@link #devices()}
     * @return the backend, which the device around it closes
     * @throws IllegalStateException if the kind is {@linkplain #unavailable() unavailable}
     * @throws RuntimeException that is a {@link io.github.kib4j.tensor.KibFailure} if the device fails; {@code auto} then takes the
     *     next kind
     */
    Backend open(DeviceOptions options);
}
