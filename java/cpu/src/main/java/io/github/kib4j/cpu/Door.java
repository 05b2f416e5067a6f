package io.github.kib4j.cpu;

import io.github.kib4j.op.Operation;
import io.github.kib4j.op.UseGuard;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The door that every operation is planned through. What is planned holds addresses: it remembers the scopes of its tensors, and
 * does not run once one of them is closed and its memory may be another's. At a run that costs one look at a flag for each scope.
 */
final class Door {
    private final UseGuard guard;

    Door(UseGuard guard) {
        this.guard = guard;
    }

    /**
     * Returns a family whose operations refuse a closed device and tensors of closed scopes.
     *
     * @param type the family's interface, each of whose methods returns an {@link Operation}
     */
    <F> F of(Class<F> type, F family) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    Object result = call(family, method, arguments);
                    return result instanceof Operation operation ? checked(operation, arguments) : result;
                }));
    }

    private Object call(Object family, Method method, Object @Nullable [] arguments) throws Throwable {
        if (method.getReturnType() == Operation.class) {
            guard.checkOpen();
        }
        try {
            return method.invoke(family, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private Operation checked(Operation operation, Object[] arguments) throws ReflectiveOperationException {
        Set<CpuScope> found = new LinkedHashSet<>();
        for (Object argument : arguments) {
            addScopes(argument, found);
        }
        CpuScope[] scopes = found.toArray(new CpuScope[0]);
        return () -> {
            guard.checkOpen();
            for (CpuScope scope : scopes) {
                scope.checkOpen();
            }
            operation.run();
        };
    }

    /** Adds the scopes of the tensors that an argument is, or holds: records and collections of tensors. */
    private static void addScopes(@Nullable Object argument, Set<CpuScope> scopes) throws ReflectiveOperationException {
        if (argument instanceof CpuTensor tensor) {
            scopes.add(tensor.scope());
            scopes.add(tensor.owner());
        } else if (argument instanceof Collection<?> several) {
            for (Object one : several) {
                addScopes(one, scopes);
            }
        } else if (argument instanceof Record record) {
            for (RecordComponent component : record.getClass().getRecordComponents()) {
                addScopes(component.getAccessor().invoke(record), scopes);
            }
        }
    }
}
