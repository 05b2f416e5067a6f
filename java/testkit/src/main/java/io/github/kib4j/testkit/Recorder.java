package io.github.kib4j.testkit;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Work;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A reference device that remembers which call has planned an operation, so that a case need not say it twice. */
final class Recorder {
    private final Map<Work, Object[]> calls = new IdentityHashMap<>();
    private final Device device;

    /**
     * A call that plans an operation.
     *
     * @param operation family and method, for example {@code linear.forward}
     * @param arguments what the method got
     */
    @SuppressWarnings("ArrayRecordComponent") // a call is not compared
    record Call(String operation, @Nullable Object[] arguments) {}

    Recorder() {
        Backend reference = Devices.providers().stream()
                .filter(provider -> provider.name().equals("reference"))
                .findFirst()
                .orElseThrow()
                .open(new DeviceOptions(0, 1));
        device = new Device(proxy(Backend.class, (family, arguments) -> {
            Object result = invoke(reference, family, arguments);
            Class<?> type = family.getReturnType();
            return type.getSimpleName().endsWith("Ops") ? family(type, Objects.requireNonNull(result)) : result;
        }));
    }

    private Object family(Class<?> type, Object family) {
        return proxy(type, (method, arguments) -> {
            Object result = invoke(family, method, arguments);
            if (result instanceof Work work) {
                calls.put(work, arguments);
            }
            return result;
        });
    }

    /** Returns the device to plan with, which the caller closes. */
    Device device() {
        return device;
    }

    /** Returns what has planned an operation. */
    Call call(Operation operation) {
        return new Call(operation.name(), Objects.requireNonNull(calls.get(operation.work())));
    }

    @FunctionalInterface
    private interface Handler {
        @Nullable
        Object handle(Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Handler handler) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> handler.handle(method, arguments == null ? new Object[0] : arguments)));
    }

    private static @Nullable Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
