package io.github.kib4j.op;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds and opens devices by name. */
public final class Devices {
    /** The name that stands for the best device of this machine. */
    public static final String AUTO = "auto";

    private Devices() {}

    /** What {@link #open} found: the device, and why better ones were passed over (empty if none was). */
    public record Choice(Device device, List<String> passedOver) {}

    /** Returns every provider on the class path, best first. */
    public static List<DeviceProvider> providers() {
        return ServiceLoader.load(DeviceProvider.class, Devices.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(DeviceProvider::priority).reversed())
                .toList();
    }

    /**
     * Opens a device. A name asks for exactly that device; {@code auto} takes the best usable one and reports the others.
     *
     * @param name {@code auto} or a provider's name
     * @param threads processor threads; 0 for all
     * @throws IllegalArgumentException if no provider has the name, or its device is not usable here; the message says why
     */
    public static Choice open(String name, int threads) {
        List<DeviceProvider> providers = providers();
        if (name.equals(AUTO)) {
            return openBest(providers, threads);
        }
        DeviceProvider provider = providers.stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow(() -> unknown(name, providers));
        Optional<String> reason = provider.unavailable();
        if (reason.isPresent()) {
            throw new IllegalArgumentException("Device '" + name + "' cannot be used here: " + reason.get());
        }
        return new Choice(provider.open(threads), List.of());
    }

    private static Choice openBest(List<DeviceProvider> providers, int threads) {
        List<String> passedOver = new ArrayList<>();
        for (DeviceProvider provider : providers) {
            Optional<String> reason = provider.unavailable();
            if (reason.isEmpty()) {
                return new Choice(provider.open(threads), List.copyOf(passedOver));
            }
            passedOver.add(provider.name() + ": " + reason.get());
        }
        throw new IllegalArgumentException("No usable device. " + String.join(" ", passedOver));
    }

    private static IllegalArgumentException unknown(String name, List<DeviceProvider> providers) {
        String known = providers.stream().map(DeviceProvider::name).collect(Collectors.joining(", "));
        return new IllegalArgumentException(
                "There is no device '" + name + "'; choose one of: " + AUTO + ", " + known + ".");
    }
}
