package io.github.kib4j.reference;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.DeviceProvider;
import java.util.List;
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
    public List<DeviceInfo> devices() {
        return List.of(new DeviceInfo(name(), 0, ReferenceBackend.DESCRIPTION));
    }

    @Override
    public Backend open(DeviceOptions options) {
        return new ReferenceBackend();
    }
}
