package io.github.kib4j.application;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.DeviceProvider;
import java.util.List;
import java.util.Optional;

/** A backend of somebody else, with a service file of its own. */
public final class OtherProvider implements DeviceProvider {
    @Override
    public String name() {
        return "other";
    }

    @Override
    public int priority() {
        return 20;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.of("it is never there.");
    }

    @Override
    public List<DeviceInfo> devices() {
        return List.of();
    }

    @Override
    public Backend open(DeviceOptions options) {
        throw new IllegalStateException();
    }
}
