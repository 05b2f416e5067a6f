package io.github.kib4j.reference;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceProvider;
import java.util.Optional;

/** Provides the reference device, which every machine has. */
public final class ReferenceProvider implements DeviceProvider {
    @Override
    public String name() {
        return "reference";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public Device open(int threads) {
        return new ReferenceDevice();
    }
}
