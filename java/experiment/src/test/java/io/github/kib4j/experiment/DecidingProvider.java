package io.github.kib4j.experiment;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.Decisions;
import io.github.kib4j.op.Decisions.Decision;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.reference.ReferenceProvider;
import io.github.kib4j.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A device that computes as the reference, and decides on each kind of product that is planned; it cannot keep what it decides. */
public final class DecidingProvider implements DeviceProvider {
    static final String NAME = "deciding";
    static final String PROBLEM = "What was decided cannot be kept; take another device.";

    @Override
    public String name() {
        return NAME;
    }

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
        return List.of(new DeviceInfo(NAME, 0, NAME));
    }

    @Override
    public Backend open(DeviceOptions options) {
        Backend reference = new ReferenceProvider().open(new DeviceOptions(0, options.threads()));
        List<Decision> made = new ArrayList<>();
        Object product = proxy(ProductOps.class, (method, arguments) -> {
            Decision decision = new Decision(
                    method.getName(), method.getName().startsWith("f") ? "loops" : "sums", "the only way", "nothing");
            boolean measured = ((Tensor) arguments[0]).owner().isDry();
            if (!measured && !made.contains(decision)) {
                made.add(decision);
            }
            return method.invoke(reference.product(), arguments);
        });
        return (Backend) proxy(Backend.class, (method, arguments) -> switch (method.getName()) {
            case "name", "description" -> NAME;
            case "product" -> product;
            case "decisions" -> new Decisions(List.copyOf(made), Optional.of(PROBLEM));
            default -> method.invoke(reference, arguments);
        });
    }

    private interface Body {
        Object call(Method method, Object[] arguments) throws ReflectiveOperationException;
    }

    private static Object proxy(Class<?> type, Body body) {
        return Proxy.newProxyInstance(
                DecidingProvider.class.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
                    try {
                        return body.call(method, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
