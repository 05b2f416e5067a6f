package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import java.lang.reflect.Method;
import java.lang.reflect.TypeVariable;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The list of cases is complete, and the reference runs all of it without a NaN. */
final class OperationCasesTest {
    @Test
    void everyOperationHasACase() {
        Set<String> operations = new TreeSet<>();
        for (Method family : Device.class.getMethods()) {
            if (family.getReturnType().getSimpleName().endsWith("Ops")) {
                List<String> names = family.getName().equals("product")
                        ? List.of("linear", "convolution")
                        : List.of(family.getName());
                for (Method method : operations(family.getReturnType())) {
                    names.forEach(name -> operations.add(name + "." + method.getName()));
                }
            }
        }
        assertThat(operations).hasSizeGreaterThan(20);
        assertThat(OperationCases.all().stream().map(OperationCase::operation).collect(Collectors.toSet()))
                .isEqualTo(operations);
    }

    /** {@return what plans something: other methods answer questions} */
    private static List<Method> operations(Class<?> family) {
        return Stream.of(family.getMethods())
                .filter(method -> method.getGenericReturnType() instanceof TypeVariable)
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> referenceGivesNumbers() {
        return OperationCases.all().stream()
                .map(c -> DynamicTest.dynamicTest(c.toString(), () -> {
                    try (Device reference = Devices.open("reference", 1).device()) {
                        c.run(reference, Precision.F32, Parity.SEED)
                                .forEach((output, values) -> assertThat(values.numbers())
                                        .as(output + ", seed " + Parity.SEED)
                                        .doesNotContain(Double.NaN));
                    }
                }));
    }
}
