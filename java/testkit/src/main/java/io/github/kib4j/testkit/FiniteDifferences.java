package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.Derivatives.Derivative;
import io.github.kib4j.testkit.OperationCase.Setup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;

/**
 * The list's second mode: every case of an operation that computes gradients, against central differences of the loss whose
 * gradients they are. That is for the reference, which computes in double and which {@link Parity} holds all others to.
 */
public final class FiniteDifferences {
    /** Steps relative to the spread of a tensor's numbers. One must fit: too long for a kink, too short for rounding, is no fault. */
    private static final double[] STEPS = {1e-5, 1e-6, 1e-4, 1e-7, 1e-3, 1e-8, 1e-9};
    /** What the third derivative leaves of steps, relative to the largest number of a gradient. */
    private static final double TOLERANCE = 1e-6;
    /** Where rounding alone may be more of a gradient than this, a step says nothing. */
    private static final double TELLING = 1e-3;
    /** Of tensors with more numbers some are looked at, of large ones few, and a direction in which all change. */
    private static final int EACH = 512;

    private static final int SOME = 12;
    private static final int LARGE = 1 << 13;
    private static final int FEW = 3;

    private final Random random = new Random(Parity.SEED);
    private final Setup setup;
    private final Device device;

    private FiniteDifferences(Setup setup, Device device) {
        this.setup = setup;
        this.device = device;
    }

    /**
     * Returns one test for each case of an operation that computes gradients.
     *
     * @return the tests, for a method with {@code @TestFactory}
     */
    public static Stream<DynamicTest> tests() {
        return OperationCases.all().stream()
                .filter(Derivatives::exist)
                .map(c -> DynamicTest.dynamicTest(c.toString(), () -> check(c)));
    }

    /** Checks the gradients of a case on the reference device, which computes in double. */
    static void check(OperationCase c) {
        Recorder recorder = new Recorder();
        try (Device device = recorder.device();
                Scope scope = device.newScope("test")) {
            Setup setup = c.plan(device, scope, Precision.F32, Parity.SEED);
            new FiniteDifferences(setup, device).check(recorder);
        }
    }

    private void check(Recorder recorder) {
        List<Operation> before = new ArrayList<>();
        for (Operation operation : setup.operations()) {
            Optional<Derivative> derivative =
                    Optional.ofNullable(recorder.call(operation)).map(call -> Derivatives.of(call, setup));
            if (derivative.isPresent()) {
                check(before, operation, derivative.get());
                return;
            }
            before.add(operation);
        }
        Assertions.fail("computes no gradient");
    }

    /** Memory of what an operation reads may be that of what it writes: all is as before when differences are taken. */
    private void check(List<Operation> before, Operation operation, Derivative derivative) {
        derivative.pairs().forEach(pair -> moveOffKinks(pair.variable()));
        OperationCase.run(device, before);
        List<double[]> kept = setup.numbers().stream().map(Tensor::readDoubles).toList();
        OperationCase.run(device, List.of(operation));
        List<double[]> gradients = derivative.pairs().stream()
                .map(pair -> pair.gradient().readDoubles())
                .toList();
        for (int i = 0; i < kept.size(); i++) {
            setup.numbers().get(i).write(kept.get(i));
        }
        for (int i = 0; i < gradients.size(); i++) {
            check(derivative, derivative.pairs().get(i).variable(), gradients.get(i));
        }
    }

    /** Cases have equal numbers and zeros, where a maximum or a rectifier has no derivative. */
    private void moveOffKinks(Tensor variable) {
        double size = 0x1p-10 * spread(variable.readDoubles());
        setup.edit(variable, v -> Arrays.setAll(v, i -> v[i] + size * (2 * random.nextDouble() - 1)));
    }

    private static double spread(double[] numbers) {
        double mean = Arrays.stream(numbers).average().orElse(0);
        double spread = largest(Arrays.stream(numbers).map(x -> x - mean));
        return spread > 0 ? spread : mean == 0 ? 1 : Math.abs(mean);
    }

    private static double largest(DoubleStream numbers) {
        return numbers.map(Math::abs).max().orElse(0);
    }

    private void check(Derivative derivative, Tensor variable, double[] gradient) {
        double largest = largest(Arrays.stream(gradient));
        Assertions.assertTrue(Double.isFinite(largest), "a gradient is not finite");
        int[] all = IntStream.range(0, gradient.length).toArray();
        double sum = Arrays.stream(gradient).map(Math::abs).sum();
        double[] signs =
                random.doubles(gradient.length).map(x -> x < 0.5 ? 1 : -1).toArray();
        compare(derivative, variable, gradient, all, signs, sum);
        int size = Math.max(gradient.length, derivative.weights().length);
        IntStream numbers = size <= EACH ? Arrays.stream(all) : random.ints(size <= LARGE ? SOME : FEW, 0, all.length);
        numbers.forEach(i -> compare(derivative, variable, gradient, new int[] {i}, signs, largest));
    }

    /** Changes some numbers of a variable: what the loss changes by is what the gradient says. */
    private void compare(
            Derivative derivative, Tensor variable, double[] gradient, int[] changed, double[] signs, double size) {
        double[] kept = variable.readDoubles();
        double spread = spread(kept);
        StringBuilder seen = new StringBuilder();
        for (double step : STEPS) {
            double h = step * spread;
            double[] above = moved(kept, changed, signs, h);
            double[] below = moved(kept, changed, signs, -h);
            double expected = 0;
            for (int i : changed) {
                expected += gradient[i] * (above[i] - below[i]);
            }
            double[] outputs = derivative.output(device, variable, above);
            double[] others = derivative.output(device, variable, below);
            variable.write(kept);
            double difference = 0;
            double rounding = 0;
            for (int i = 0; i < outputs.length; i++) {
                double weight = derivative.weights()[i];
                difference += weight * (outputs[i] - others[i]);
                rounding += outputs[i] == others[i]
                        ? 0
                        : 0x1p-50 * Math.abs(weight) * (Math.abs(outputs[i]) + Math.abs(others[i]));
            }
            double of = 2 * h * size;
            boolean telling = rounding <= TELLING * of || size == 0;
            if (telling && Math.abs(difference - expected) <= TOLERANCE * of + rounding) {
                return;
            }
            seen.append(' ')
                    .append(difference)
                    .append(" and not ")
                    .append(expected)
                    .append(" (rounding ")
                    .append(rounding)
                    .append(") by ")
                    .append(h)
                    .append(';');
        }
        String which = changed.length == 1 ? "number " + changed[0] : "all " + changed.length + " numbers";
        Assertions.fail(which + " of " + variable.shape() + ":" + seen + " repeat with -Dkib4j.seed=" + Parity.SEED);
    }

    private static double[] moved(double[] numbers, int[] changed, double[] signs, double by) {
        double[] moved = numbers.clone();
        for (int i : changed) {
            moved[i] += signs[i] * by;
        }
        return moved;
    }
}
