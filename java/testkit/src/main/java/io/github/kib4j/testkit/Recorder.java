package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A device that remembers which call has planned an operation, so that a case need not say it twice. */
final class Recorder {
    private final Map<Operation, Call> calls = new IdentityHashMap<>();
    private final Device device;

    /**
     * A call that plans an operation.
     *
     * @param operation family and method, for example {@code linear.forward}
     * @param arguments what the method got
     */
    @SuppressWarnings("ArrayRecordComponent") // a call is not compared
    record Call(String operation, @Nullable Object[] arguments) {}

    Recorder(Device device) {
        this.device = proxy(Device.class, (family, arguments) -> {
            Object result = invoke(device, family, arguments);
            Class<?> type = family.getReturnType();
            return type.isInterface() && type.getPackage() == Device.class.getPackage()
                    ? family(type, family.getName(), result)
                    : result;
        });
    }

    private Object family(Class<?> type, String name, Object family) {
        return proxy(type, (method, arguments) -> {
            Object result = invoke(family, method, arguments);
            if (result instanceof Operation operation) {
                calls.put(operation, new Call(name + "." + method.getName(), arguments));
            }
            return result;
        });
    }

    /** Returns the device to plan with. */
    Device device() {
        return device;
    }

    /** Returns what has planned an operation; null if that was not seen. */
    @Nullable
    Call call(Operation operation) {
        return calls.get(operation);
    }

    @FunctionalInterface
    private interface Handler {
        Object handle(Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Handler handler) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> handler.handle(method, arguments == null ? new Object[0] : arguments)));
    }

    private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
