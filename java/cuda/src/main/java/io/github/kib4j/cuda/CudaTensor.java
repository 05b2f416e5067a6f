package io.github.kib4j.cuda;

import io.github.kib4j.bindings.NativeTensor;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;

/** A tensor in a device's memory. */
final class CudaTensor extends NativeTensor {
    private final CudaMemory memory;

    CudaTensor(CudaMemory memory, Owner owner, DataType type, Shape shape) {
        super(owner, type, shape);
        this.memory = memory;
    }

    /** Returns a tensor as what a device makes sure it is: one of this backend. */
    static CudaTensor of(Tensor tensor) {
        return (CudaTensor) tensor;
    }

    /** Gives it memory of its own; returns whether there was room. */
    boolean allocate() {
        own(memory.allocate(bytes()));
        return isPlaced();
    }

    void free() {
        BytePointer start = own();
        own(null);
        if (start != null) {
            memory.free(start);
        }
    }

    @Override
    protected void copyFrom(Object array) {
        memory.staging().write(this, array);
    }

    @Override
    protected void copyTo(Object array) {
        memory.staging().read(array, this);
    }
}
