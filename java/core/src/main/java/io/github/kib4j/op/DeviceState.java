package io.github.kib4j.op;

import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.tensor.Tensor;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** What a device and all that is on it share: the backend, who uses it, how much memory it has given, and to whom. */
final class DeviceState {
    private final Backend backend;
    private final UseGuard guard;
    private final Set<DeviceScope> scopes = ConcurrentHashMap.newKeySet();
    private final AtomicLong liveBytes = new AtomicLong();
    private final AtomicLong peakBytes = new AtomicLong();

    DeviceState(Backend backend) {
        this.backend = backend;
        guard = new UseGuard(backend.name());
    }

    Backend backend() {
        return backend;
    }

    UseGuard guard() {
        return guard;
    }

    long liveBytes() {
        return liveBytes.get();
    }

    long peakBytes() {
        return peakBytes.get();
    }

    void opened(DeviceScope scope) {
        scopes.add(scope);
    }

    void closed(DeviceScope scope) {
        scopes.remove(scope);
    }

    /** Returns the scopes that hold something, and who opened each. */
    String holders() {
        return scopes.stream()
                .filter(scope -> scope.bytes() > 0)
                .map(DeviceScope::description)
                .sorted()
                .collect(Collectors.joining(", "));
    }

    void allocate(Tensor promised) {
        if (!backend.allocate(promised)) {
            throw new OutOfDeviceMemoryException("No memory for " + promised.bytes() + " bytes beside the " + liveBytes
                    + " in use; take a smaller batch or network.");
        }
        long live = liveBytes.addAndGet(promised.bytes());
        peakBytes.accumulateAndGet(live, Math::max);
    }

    void free(Tensor allocated) {
        try {
            backend.free(allocated);
        } finally {
            liveBytes.addAndGet(-allocated.bytes());
        }
    }
}
