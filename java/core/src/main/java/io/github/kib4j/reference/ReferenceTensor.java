package io.github.kib4j.reference;

import io.github.kib4j.op.BackendTensor;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A row-major tensor in a Java array: {@code double[]} for every floating type, else {@code long[], int[], byte[]}. */
final class ReferenceTensor extends BackendTensor {
    private @Nullable Object array;

    /** Creates a tensor without memory. */
    ReferenceTensor(Owner owner, Shape shape, DataType type) {
        super(owner, type, shape);
    }

    /** Gives it an array, or takes it. */
    void setArray(@Nullable Object newArray) {
        array = newArray;
    }

    static double[] doubles(Tensor tensor) {
        return (double[]) of(tensor).open();
    }

    static long[] longs(Tensor tensor) {
        return (long[]) of(tensor).open();
    }

    static int[] ints(Tensor tensor) {
        return (int[]) of(tensor).open();
    }

    static byte[] bytes(Tensor tensor) {
        return (byte[]) of(tensor).open();
    }

    static int size(Tensor tensor) {
        return Math.toIntExact(tensor.shape().size());
    }

    static ReferenceTensor of(Tensor tensor) {
        return (ReferenceTensor) tensor;
    }

    private Object open() {
        return requireMemory(array);
    }

    @Override
    protected void copyFrom(Object source) {
        System.arraycopy(source, 0, open(), 0, size(this));
    }

    @Override
    protected void copyTo(Object target) {
        System.arraycopy(open(), 0, target, 0, size(this));
    }
}
