package io.github.kib4j.op;

import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** What a device and all that is on it share: the backend, who uses it, how much memory it has given, and to whom. */
final class DeviceState {
    private final Backend backend;
    private final UseGuard guard;
    /** Those that are open, and who opened each. */
    private final Map<Scope, String> scopes = new ConcurrentHashMap<>();

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

    void opened(Scope scope, String place) {
        scopes.put(scope, place);
    }

    void closed(Scope scope) {
        scopes.remove(scope);
    }

    /** Returns the scopes that hold something, and who opened each. */
    String holders() {
        return scopes.entrySet().stream()
                .filter(open -> open.getKey().bytes() > 0)
                .map(open -> "'" + open.getKey().name() + "', opened by " + open.getValue())
                .sorted()
                .collect(Collectors.joining(", "));
    }

    /**
     * Gives a tensor memory.
     *
     * @param scope its owner's name
     */
    void allocate(Tensor promised, String scope) {
        if (!backend.allocate(promised)) {
            throw new OutOfDeviceMemoryException("The " + backend.name() + " device has no room for another "
                    + DeviceMemory.megabytes(promised.bytes()) + " of '" + scope + "' beside the "
                    + DeviceMemory.megabytes(liveBytes()) + " that are in use here"
                    + backend.ownMemory()
                            .map(own -> " (" + own.describe() + ", and another process may hold some): end what else"
                                    + " runs on it, or take a smaller batch or network.")
                            .orElse("; take a smaller batch or network."));
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
