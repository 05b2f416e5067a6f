package io.github.kib4j.op;

import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** What a device and all that is on it share: the backend, who uses it, how much memory it has given, and to whom. */
final class DeviceState {
    private final Backend backend;
    private final UseGuard guard;
    private final Set<Scope> scopes = ConcurrentHashMap.newKeySet();
    private final AtomicLong liveBytes = new AtomicLong();

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

    void opened(Scope scope) {
        scopes.add(scope);
    }

    void closed(Scope scope) {
        scopes.remove(scope);
    }

    /** Returns the names of the scopes that hold something. */
    String holders() {
        return scopes.stream()
                .filter(scope -> scope.bytes() > 0)
                .map(scope -> "'" + scope.name() + "'")
                .sorted()
                .collect(Collectors.joining(", "));
    }

    void allocate(Tensor promised) {
        if (!backend.allocate(promised)) {
            throw new OutOfDeviceMemoryException("No memory for " + promised.bytes() + " bytes beside the " + liveBytes
                    + " in use; take a smaller batch or network.");
        }
        liveBytes.addAndGet(promised.bytes());
    }

    void free(Tensor allocated) {
        backend.synchronize(); // something that runs behind may still use it
        backend.free(allocated);
        liveBytes.addAndGet(-allocated.bytes());
    }
}
