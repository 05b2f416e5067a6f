package io.github.kib4j.testkit;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One call of one operation with seeded inputs: run on any device, it gives named outputs.
 *
 * @param operation family and method, for example {@code linear.forward}
 * @param name what is special about the case
 * @param terms how many products or sums lie behind one output number, for the bound on rounding
 * @param body plans the operation and names its outputs
 */
public record OperationCase(String operation, String name, int terms, Body body) {

    /** What a case does with a device. */
    @FunctionalInterface
    public interface Body {
        /**
         * Allocates inputs, plans the operation, and names the outputs.
         *
         * @param setup device, inputs, and where operations and outputs go
         */
        void plan(Setup setup);
    }

    /** How far a device's numbers may lie from the expected ones: a tolerance for each of them. */
    @FunctionalInterface
    public interface Bound {
        /**
         * Returns the tolerances.
         *
         * @param expected the reference's numbers
         * @return for each of them how far another may lie from it
         */
        double[] tolerances(double[] expected);
    }

    /**
     * What came out.
     *
     * @param numbers of the output, row by row
     * @param bound null: what rounding of {@link #terms} terms explains
     */
    public record Output(double[] numbers, @Nullable Bound bound) {}

    /**
     * Runs the case.
     *
     * @param device where; its tensors are gone when this returns
     * @param precision of activations
     * @param seed of the inputs
     * @return outputs by name
     */
    public Map<String, Output> run(Device device, Precision precision, long seed) {
        try (Scope scope = device.newScope("test")) {
            Setup setup = plan(device, scope, precision, seed);
            run(device, setup.operations);
            Map<String, Output> results = new LinkedHashMap<>();
            setup.outputs.forEach(
                    (output, tensor) -> results.put(output, new Output(read(tensor), setup.bounds.get(output))));
            return results;
        }
    }

    /** Runs operations one after the other, here and nowhere else. */
    static void run(Device device, List<Operation> operations) {
        device.run(operations.toArray(Operation[]::new));
    }

    /** Plans the case. */
    Setup plan(Device device, Scope scope, Precision precision, long seed) {
        Setup setup = new Setup(device, scope, precision, seed);
        body.plan(setup);
        return setup;
    }

    /** Returns the case's operations, whose tensors are gone. */
    List<Operation> plannedInAClosedScope(Device device, Precision precision, long seed) {
        try (Scope scope = device.newScope("test")) {
            return plan(device, scope, precision, seed).operations;
        }
    }

    private static double[] read(Tensor tensor) {
        return switch (tensor.type()) {
            case I64 -> Arrays.stream(tensor.readLongs()).asDoubleStream().toArray();
            case I32 -> Arrays.stream(tensor.readInts()).asDoubleStream().toArray();
            default -> tensor.readDoubles();
        };
    }

    @Override
    public String toString() {
        return operation + ": " + name;
    }

    /** Gives a case its device, seeded inputs, and a place for its operations and outputs. */
    public static final class Setup {
        private static final int DRAWN = 1 << 20;

        private final Device device;
        private final Scope scope;
        private final Precision precision;
        private final Random random;
        private final List<Operation> operations = new ArrayList<>();
        private final List<Tensor> numbers = new ArrayList<>();
        private final Map<String, Tensor> outputs = new LinkedHashMap<>();
        private final Map<String, Bound> bounds = new HashMap<>();

        Setup(Device device, Scope scope, Precision precision, long seed) {
            this.device = device;
            this.scope = scope;
            this.precision = precision;
            random = new Random(seed);
        }

        Device device() {
            return device;
        }

        /** Returns an empty tensor of the activations' type. */
        Tensor activation(int... extents) {
            return number(precision.activations(), extents);
        }

        Tensor single(int... extents) {
            return number(DataType.F32, extents);
        }

        /** Returns an output for rounded weights; null in single precision, which needs none. */
        @Nullable
        Tensor rounded(String name, int... extents) {
            return precision == Precision.F32 ? null : output(name, activation(extents));
        }

        Tensor wide(int... extents) {
            return number(DataType.F64, extents);
        }

        private Tensor number(DataType type, int... extents) {
            Tensor tensor = scope.allocate(type, Shape.of(extents));
            numbers.add(tensor);
            return tensor;
        }

        /** Returns all floating tensors so far. */
        List<Tensor> numbers() {
            return numbers;
        }

        List<Operation> operations() {
            return operations;
        }

        /** Returns an activation of uniform numbers in (-1, 1) that both precisions hold exactly. */
        Tensor randomActivation(int... extents) {
            return filled(activation(extents), -1, 1);
        }

        Tensor randomSingle(int... extents) {
            return filled(single(extents), -1, 1);
        }

        /**
         * Fills a tensor with multiples of 1/64 in [low, high): bfloat16 holds those below 2 exactly. Of more than a million the
         * first million are repeated, since drawing them takes longer than computing with them.
         */
        Tensor filled(Tensor tensor, double low, double high) {
            float[] values = new float[(int) tensor.shape().size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = i < DRAWN
                        ? (float) (Math.floor((low + (high - low) * random.nextDouble()) * 64) / 64)
                        : values[i - DRAWN];
            }
            tensor.write(values);
            return tensor;
        }

        /** Returns an activation of numbers by index, rounded to its type on every device. */
        Tensor activationOf(IntToDoubleFunction number, int... extents) {
            boolean narrow = precision == Precision.BF16;
            return filled(activation(extents), i -> {
                float single = (float) number.applyAsDouble(i);
                return narrow ? rounded(single) : single;
            });
        }

        /** Returns single-precision numbers by index. */
        Tensor singleOf(IntToDoubleFunction number, int... extents) {
            return filled(single(extents), i -> (float) number.applyAsDouble(i));
        }

        private static Tensor filled(Tensor tensor, IntToDoubleFunction number) {
            double[] values = new double[(int) tensor.shape().size()];
            Arrays.setAll(values, number);
            tensor.write(values);
            return tensor;
        }

        /** Returns the nearest number of bfloat16. */
        private static double rounded(float x) {
            int bits = Float.floatToRawIntBits(x);
            return Float.intBitsToFloat(bits + 0x7fff + (bits >> 16 & 1) & 0xffff0000);
        }

        /** Returns {@code 2^-23} or, in bfloat16, {@code 2^-8}: what rounding an activation costs at most. */
        double epsilon() {
            return precision == Precision.BF16 ? 0x1p-8 : 0x1p-23;
        }

        Random random() {
            return random;
        }

        /** Changes a tensor's numbers. */
        Tensor edit(Tensor tensor, java.util.function.Consumer<double[]> change) {
            double[] values = tensor.readDoubles();
            change.accept(values);
            tensor.write(values);
            return tensor;
        }

        Tensor labels(int batch, int classes) {
            Tensor labels = scope.allocate(DataType.I32, Shape.of(batch));
            labels.write(random.ints(batch, 0, classes).toArray());
            return labels;
        }

        Tensor bytes(int... extents) {
            Tensor bytes = scope.allocate(DataType.U8, Shape.of(extents));
            byte[] values = new byte[(int) bytes.shape().size()];
            random.nextBytes(values);
            bytes.write(values);
            return bytes;
        }

        Tensor integers(int... values) {
            return integers(Shape.of(values.length), values);
        }

        Tensor integers(Shape shape, int... values) {
            Tensor integers = scope.allocate(DataType.I32, shape);
            integers.write(values);
            return integers;
        }

        /** Returns {@code [count, n]}, each row an order of 0 to {@code n - 1}. */
        Tensor orders(int count, int n) {
            List<Integer> order = new ArrayList<>(IntStream.range(0, n).boxed().toList());
            int[] values = new int[count * n];
            for (int i = 0; i < values.length; i++) {
                if (i % n == 0) {
                    Collections.shuffle(order, random);
                }
                values[i] = order.get(i % n);
            }
            return integers(Shape.of(count, n), values);
        }

        Clock clock(long step, long epoch, long position) {
            Clock clock = Clock.allocate(scope);
            clock.now().write(new long[] {step, epoch, position, 0});
            return clock;
        }

        Tensor mask(int... extents) {
            return scope.allocate(DataType.U8, Shape.of(extents));
        }

        void then(Operation operation) {
            operations.add(operation);
        }

        /** Names an output to compare. */
        Tensor output(String name, Tensor tensor) {
            outputs.put(name, tensor);
            return tensor;
        }

        /** Names an output to compare within bounds of its own. */
        Tensor output(String name, Tensor tensor, Bound bound) {
            bounds.put(name, bound);
            return output(name, tensor);
        }
    }
}
