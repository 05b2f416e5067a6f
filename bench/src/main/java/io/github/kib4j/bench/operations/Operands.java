package io.github.kib4j.bench.operations;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A device with tensors of random numbers. */
final class Operands implements AutoCloseable {
    private static final int CLASSES = 10;

    private final Device device;
    private final Scope scope;
    private final DataType type;
    private final Random random = new Random(1);

    Operands(DataType type, int threads) {
        this.type = type;
        device = Devices.open("cpu", threads).device();
        scope = device.newScope();
    }

    Device device() {
        return device;
    }

    /** Returns random numbers between -1 and 1, of the type of activations. */
    Tensor activations(int... extents) {
        return numbers(type, Shape.of(extents), -1);
    }

    /** Returns random numbers between -1 and 1 in single precision. */
    Tensor singles(int... extents) {
        return numbers(DataType.F32, Shape.of(extents), -1);
    }

    /** Returns random numbers between 0 and 1 in single precision. */
    Tensor positives(Shape shape) {
        return numbers(DataType.F32, shape, 0);
    }

    /** Returns random numbers between 0 and 1 in double precision. */
    Tensor doubles(Shape shape) {
        return numbers(DataType.F64, shape, 0);
    }

    /** Returns what receives weights in the precision of activations; null where that is single. */
    @Nullable
    Tensor rounded(Shape shape) {
        return type == DataType.F32 ? null : scope.allocate(type, shape);
    }

    private Tensor numbers(DataType wanted, Shape shape, float least) {
        Tensor tensor = scope.allocate(wanted, shape);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = least + (1 - least) * random.nextFloat();
        }
        tensor.write(values);
        return tensor;
    }

    /** Returns zeros. */
    Tensor zeros(DataType wanted, int... extents) {
        return scope.allocate(wanted, Shape.of(extents));
    }

    /** Returns random bytes. */
    Tensor bytes(int... extents) {
        Tensor tensor = scope.allocate(DataType.U8, Shape.of(extents));
        byte[] values = new byte[Math.toIntExact(tensor.shape().size())];
        random.nextBytes(values);
        tensor.write(values);
        return tensor;
    }

    /** Returns random labels. */
    Tensor labels(int count) {
        Tensor labels = scope.allocate(DataType.I32, Shape.of(count));
        labels.write(random.ints(count, 0, CLASSES).toArray());
        return labels;
    }

    /** Returns random class labels as a teaching signal. */
    Teaching teaching(int count) {
        return new Teaching.Classes(labels(count), CLASSES, Kernel.COSINE, true);
    }

    /** Returns one number in double precision. */
    Tensor number(double value) {
        Tensor tensor = scope.allocate(DataType.F64, Shape.of(1));
        tensor.write(new double[] {value});
        return tensor;
    }

    Clock clock() {
        return Clock.allocate(scope);
    }

    @Override
    public void close() {
        scope.close();
        device.close();
    }
}
