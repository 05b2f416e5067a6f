package com.example.foreign;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.reference.ReferenceProvider;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;

/** A backend of somebody else, of a name that kib4j has never heard; it computes as the reference does. */
public final class ForeignProvider implements DeviceProvider {
    static final String NAME = "foreign";

    private static final String DESCRIPTION = "foreign: somebody else's processor";

    @Override
    public String name() {
        return NAME;
    }

    /** Below the reference's: whoever asks for the best device does not get it. */
    @Override
    public int priority() {
        return -1;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public List<DeviceInfo> devices() {
        return List.of(new DeviceInfo(NAME, 0, DESCRIPTION));
    }

    @Override
    public Backend open(DeviceOptions options) {
        Backend reference = new ReferenceProvider().open(new DeviceOptions(0, options.threads()));
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "name" -> NAME;
                    case "description" -> DESCRIPTION;
                    default -> invoke(reference, method, arguments);
                });
    }

    private static Object invoke(Backend reference, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(reference, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
