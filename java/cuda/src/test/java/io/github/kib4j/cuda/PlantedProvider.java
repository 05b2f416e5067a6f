package io.github.kib4j.cuda;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.DevicePart;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.reference.ReferenceProvider;
import java.util.List;
import java.util.Optional;

/**
 * The provider with planted kernels, in a process that asks for them by the property {@code planted}: before the true one. What it
 * opens computes as the reference.
 */
public final class PlantedProvider implements DeviceProvider {
    private static final String KIND = System.getProperty("planted", "");

    private final CudaProvider provider = new CudaProvider(
            new PlantedKernels(
                    KIND.isEmpty() ? PlantedKernels.Kind.NOT_BUILT : PlantedKernels.Kind.valueOf(KIND),
                    System.getProperty("planted.architectures", "sm_80 compute_80")),
            (card, options) -> new ReferenceProvider().open(new DeviceOptions(0, 1)));

    @Override
    public String name() {
        return KIND.isEmpty() ? "planted" : provider.name();
    }

    @Override
    public int priority() {
        return KIND.isEmpty() ? -10 : provider.priority() + 1;
    }

    @Override
    public boolean isAbsent() {
        return KIND.isEmpty() || provider.isAbsent();
    }

    @Override
    public Optional<String> unavailable() {
        return KIND.isEmpty() ? Optional.of("it was not asked for.") : provider.unavailable();
    }

    @Override
    public List<DeviceInfo> devices() {
        return provider.devices();
    }

    @Override
    public Backend open(DeviceOptions options) {
        return provider.open(options);
    }

    @Override
    public List<DevicePart> parts() {
        return provider.parts();
    }
}
