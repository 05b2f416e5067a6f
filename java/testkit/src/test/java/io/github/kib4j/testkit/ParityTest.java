package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Backend;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Work;
import io.github.kib4j.reference.ReferenceProvider;
import io.github.kib4j.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;

/** What a backend gets wrong is found, where it is. */
final class ParityTest {
    /** The first number of one operation's result is off by a ten-thousandth: every case of that operation fails, and no other. */
    @Test
    void oneWrongNumberIsFound() {
        try (Device device = new Device(wrong(new ReferenceProvider().open(new DeviceOptions(0, 1))))) {
            List<DynamicTest> tests = Parity.tests(device, Precision.F32)
                    .filter(test -> test.getDisplayName().startsWith("activity."))
                    .toList();
            assertThat(tests)
                    .hasSizeGreaterThan(100)
                    .allSatisfy(test -> assertThat(fails(test))
                            .as(test.getDisplayName())
                            .isEqualTo(test.getDisplayName().startsWith("activity.hebbianGradient")));
        }
    }

    private static boolean fails(DynamicTest test) {
        try {
            test.getExecutable().execute();
            return false;
        } catch (AssertionError e) {
            assertThat(e).hasMessageContaining(": da[0] is ").hasMessageContaining("-Dkib4j.seed=" + Parity.SEED);
            return true;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static Backend wrong(Backend right) {
        return proxy(
                Backend.class,
                (self, method, arguments) -> method.getName().equals("activity")
                        ? wrong(right.activity())
                        : invoke(right, method, arguments));
    }

    private static ActivityOps<?> wrong(ActivityOps<Work> right) {
        return proxy(ActivityOps.class, (self, method, arguments) -> {
            Work work = (Work) invoke(right, method, arguments);
            return method.getName().equals("hebbianGradient") ? wrong(work, (Tensor) arguments[0]) : work;
        });
    }

    private static Work wrong(Work right, Tensor result) {
        return place -> {
            Runnable run = right.bind(place);
            return () -> {
                run.run();
                double[] numbers = result.readDoubles();
                numbers[0] += 1e-4 * (1 + Math.abs(numbers[0]));
                result.write(numbers);
            };
        };
    }

    private static <T> T proxy(Class<T> type, java.lang.reflect.InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
