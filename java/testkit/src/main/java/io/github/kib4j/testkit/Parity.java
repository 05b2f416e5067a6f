package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.testkit.OperationCase.Bound;
import io.github.kib4j.testkit.OperationCase.Output;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;

/** The list's first mode: holds every backend to the reference, case by case. {@link ParityContract} is its use. */
public final class Parity {
    /** Seed of the inputs: {@code -Dkib4j.seed=N} repeats a failure. */
    public static final long SEED = Long.getLong("kib4j.seed", 20);

    /** What double precision leaves of a number that should be 0, where others are of the order of 1. */
    private static final double ZERO = 1e-15;

    private Parity() {}

    /**
     * Returns one test for each case: the device's outputs equal the reference's within what rounding explains.
     *
     * @param device the one to test, open for as long as the tests run
     * @param precision of activations
     * @return the tests, for a method with {@code @TestFactory}
     */
    public static Stream<DynamicTest> tests(Device device, Precision precision) {
        return tests(device, precision, family -> true);
    }

    /**
     * Returns one test for each case of some families of operations.
     *
     * @param device the one to test, open for as long as the tests run
     * @param precision of activations
     * @param families which ones, by their names: {@code linear}, {@code convolution}, ...
     * @return the tests, for a method with {@code @TestFactory}
     */
    public static Stream<DynamicTest> tests(Device device, Precision precision, Predicate<String> families) {
        return OperationCases.all().stream()
                .filter(c ->
                        families.test(c.operation().substring(0, c.operation().indexOf('.'))))
                .map(c -> DynamicTest.dynamicTest(c.toString(), () -> compare(c, device, precision)));
    }

    /** Runs a case on the device and on the reference, and fails where an output differs by more than rounding explains. */
    static void compare(OperationCase c, Device device, Precision precision) {
        try (Device reference = Devices.open("reference", 1).device()) {
            Map<String, Output> expected = c.run(reference, precision, SEED);
            Map<String, Output> actual = c.run(device, precision, SEED);
            expected.forEach((output, values) -> {
                Bound bound = values.bound() == null ? explained(c, precision) : values.bound();
                double[] tolerances = bound.tolerances(values.numbers());
                compare(
                        c + ": " + output,
                        values.numbers(),
                        Objects.requireNonNull(actual.get(output)).numbers(),
                        tolerances);
            });
        }
    }

    /**
     * What rounding explains, relative to the largest expected number of an output: naive summation of n rounded terms errs by
     * about {@code sqrt(n) eps}, and a handful of roundings happen before and after it; 8 times that is allowed.
     */
    private static Bound explained(OperationCase c, Precision precision) {
        double epsilon = precision == Precision.BF16 ? 0x1p-8 : 0x1p-23;
        return Bounds.ofLargest(8 * epsilon * Math.sqrt(Math.max(1, c.terms())), ZERO);
    }

    private static void compare(String output, double[] expected, double[] actual, double[] tolerances) {
        Assertions.assertEquals(expected.length, actual.length, output + " has another size");
        for (int i = 0; i < expected.length; i++) {
            boolean near = Math.abs(actual[i] - expected[i]) <= tolerances[i];
            boolean bothNaN = Double.isNaN(expected[i]) && Double.isNaN(actual[i]);
            if (!near && !bothNaN) {
                Assertions.fail(output + "[" + i + "] is " + actual[i] + ", not " + expected[i] + " (tolerance "
                        + tolerances[i] + "); repeat with -Dkib4j.seed=" + SEED);
            }
        }
    }
}
