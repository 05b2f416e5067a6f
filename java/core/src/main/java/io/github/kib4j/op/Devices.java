package io.github.kib4j.op;

import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.tensor.RefusedException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds and opens devices by name.
 *
 * <p>A backend is found by its service file ({@link DeviceProvider}). kib4j's own are known by name besides, so that they are also
 * found in a jar that was made of several and has kept the service file of one of them alone.
 */
public final class Devices {
    /** The name that stands for the best device of this machine. */
    public static final String AUTO = "auto";

    /** The device that every machine has, and that none would choose who has another. */
    private static final String REFERENCE = "reference";

    /** kib4j's own backends. The reference is part of this library; the others are where their modules are. */
    private static final List<String> OWN_PROVIDERS = List.of(
            "io.github.kib4j.reference.ReferenceProvider",
            "io.github.kib4j.cpu.CpuProvider",
            "io.github.kib4j.cuda.CudaProvider");

    /** The platform's own logging, so that what is said is seen where no logging library is set up. */
    private static final System.Logger LOG = System.getLogger(Devices.class.getName());

    private Devices() {}

    /**
     * What {@link #open} found.
     *
     * @param device the device
     * @param passedOver why better ones were not taken, a sentence each; empty if none was passed over
     */
    public record Choice(Device device, List<String> passedOver) {}

    /**
     * The backends there are.
     *
     * @param providers best first
     * @param broken what is wrong with those that cannot even be asked
     */
    private record Found(List<DeviceProvider> providers, List<String> broken) {}

    /** {@return every provider on the class path or module path, best first} */
    public static List<DeviceProvider> providers() {
        return find().providers();
    }

    private static Found find() {
        Map<String, DeviceProvider> found = new LinkedHashMap<>();
        List<String> broken = new ArrayList<>();
        ClassLoader loader = Devices.class.getClassLoader();
        Iterator<DeviceProvider> services =
                ServiceLoader.load(DeviceProvider.class, loader).iterator();
        while (true) {
            try {
                if (!services.hasNext()) {
                    break;
                }
                DeviceProvider provider = services.next();
                found.put(provider.getClass().getName(), provider);
            } catch (ServiceConfigurationError e) {
                broken.add("A backend cannot be asked (" + e.getMessage() + ").");
            }
        }
        for (String name : OWN_PROVIDERS) {
            try {
                if (!found.containsKey(name)) {
                    Class<?> type = Class.forName(name, true, loader);
                    found.put(name, (DeviceProvider) type.getConstructor().newInstance());
                }
            } catch (ClassNotFoundException e) {
                // its module is not there
            } catch (ReflectiveOperationException | LinkageError e) {
                broken.add("The backend " + name + " cannot be asked (" + e + ").");
            }
        }
        Set<String> names = new HashSet<>();
        List<DeviceProvider> bestFirst = found.values().stream()
                .sorted(Comparator.comparingInt(DeviceProvider::priority).reversed())
                .filter(provider -> names.add(provider.name())) // of two of a name the better one
                .toList();
        return new Found(bestFirst, List.copyOf(broken));
    }

    /**
     * Opens a device, with nothing else chosen than its name and threads.
     *
     * @param name {@code auto}, a provider's name, or one of several of a kind: {@code cuda:1}
     * @param threads processor threads; 0 for all
     * @return the device, which the caller closes, and why better ones were passed over
     * @throws IllegalArgumentException if no provider has the name, or its device is not usable here; the message says why
     */
    public static Choice open(String name, int threads) {
        return open(name, threads, Map.of());
    }

    /**
     * Opens a device. A name asks for exactly that device; {@code auto} takes the best usable one, reports the others, and logs
     * them (as {@link System.Logger} of this class's name: as a warning if all that is left is {@code reference}).
     *
     * @param name {@code auto}, a provider's name, or one of several of a kind: {@code cuda:1}
     * @param threads processor threads; 0 for all
     * @param settings what else is chosen, of those that the kind of device has ({@link DeviceProvider#settings})
     * @return the device, which the caller closes, and why better ones were passed over
     * @throws IllegalArgumentException if no provider has the name, its device is not usable here, or has no such setting; the
     *     message says why
     */
    public static Choice open(String name, int threads, Map<String, String> settings) {
        Found found = find();
        if (name.equals(AUTO)) {
            return openBest(found, threads, settings);
        }
        int colon = name.indexOf(':');
        String kind = colon < 0 ? name : name.substring(0, colon);
        DeviceProvider provider = found.providers().stream()
                .filter(p -> p.name().equals(kind))
                .findFirst()
                .orElseThrow(() -> unknown(name, found));
        Optional<String> reason = provider.unavailable();
        if (reason.isPresent()) {
            throw new RefusedException("Device '" + name + "' cannot be used here: " + reason.get());
        }
        List<DeviceInfo> devices = provider.devices();
        DeviceInfo chosen = devices.stream()
                .filter(device -> name.equals(kind) ? device.index() == 0 : name.equals(kind + ":" + device.index()))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        "There is no device '" + name + "' here; there is " + names(devices) + "."));
        return new Choice(open(provider, chosen.index(), threads, settings), List.of());
    }

    private static Device open(DeviceProvider provider, int index, int threads, Map<String, String> settings) {
        settings.keySet().stream()
                .filter(key -> !provider.settings().containsKey(key))
                .findFirst()
                .ifPresent(key -> {
                    throw new RefusedException("The " + provider.name() + " device has no setting '" + key
                            + "'; it has " + (provider.settings().isEmpty() ? "none" : known(provider))
                            + "; leave it out, or open a device that has it.");
                });
        return new Device(provider.open(new DeviceOptions(index, threads, settings)));
    }

    private static String known(DeviceProvider provider) {
        return provider.settings().entrySet().stream()
                .map(setting -> setting.getKey() + " (" + setting.getValue() + ")")
                .sorted()
                .collect(Collectors.joining(", "));
    }

    private static String names(List<DeviceInfo> devices) {
        return devices.stream().map(DeviceInfo::name).collect(Collectors.joining(", "));
    }

    /** {@return every device that can be opened here, best first} */
    public static List<DeviceInfo> devices() {
        return providers().stream()
                .filter(provider -> provider.unavailable().isEmpty())
                .flatMap(provider -> provider.devices().stream())
                .toList();
    }

    private static Choice openBest(Found found, int threads, Map<String, String> settings) {
        List<String> passedOver = new ArrayList<>(found.broken());
        for (DeviceProvider provider : found.providers()) {
            Optional<String> reason = provider.unavailable();
            if (reason.isPresent()) {
                if (!provider.isAbsent()) {
                    passedOver.add(provider.name() + ": " + reason.get());
                }
                continue;
            }
            try {
                Device device = open(provider, first(provider), threads, settings);
                if (provider.name().equals(REFERENCE) && found.providers().size() == 1) {
                    passedOver.add("There is no other backend " + where() + ".");
                }
                log(provider.name(), passedOver);
                return new Choice(device, List.copyOf(passedOver));
            } catch (RuntimeException e) {
                if (!(e instanceof KibFailure) || e instanceof RefusedException) {
                    throw e;
                }
                passedOver.add(provider.name() + ": " + e.getMessage());
            }
        }
        throw new RefusedException("No usable device. " + String.join(" ", passedOver));
    }

    private static int first(DeviceProvider provider) {
        return provider.devices().stream().findFirst().map(DeviceInfo::index).orElse(0);
    }

    private static String where() {
        return Devices.class.getModule().isNamed()
                ? "in the module graph; put kib4j-cpu and its libraries on the module path and start Java with"
                        + " --add-modules ALL-MODULE-PATH"
                : "on the class path; add io.github.kib4j:kib4j, which brings them";
    }

    private static void log(String taken, List<String> passedOver) {
        if (taken.equals(REFERENCE)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The device is ''reference'', plain Java in double precision, many times slower than the others. {0}",
                    String.join(" ", passedOver));
        } else if (!passedOver.isEmpty()) {
            LOG.log(System.Logger.Level.INFO, "The device is ''{0}''. {1}", taken, String.join(" ", passedOver));
        }
    }

    private static RefusedException unknown(String name, Found found) {
        String known = found.providers().stream().map(DeviceProvider::name).collect(Collectors.joining(", "));
        String broken = found.broken().isEmpty() ? "" : " " + String.join(" ", found.broken());
        return new RefusedException(
                "There is no device '" + name + "'; choose one of: " + AUTO + ", " + known + "." + broken);
    }
}
