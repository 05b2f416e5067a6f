package io.github.kib4j.layer;

import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * The buffers of a network's passes, allocated once for the largest batch; passes of smaller batches and of evaluation use the
 * first rows of the same memory.
 */
public final class Buffers {
    /** How long what a layer computed in a training step is needed. */
    public enum Lifetime {
        /** Until the layer has learned and the next one has read it: layers take the same memory in turn. */
        LAYER,
        /** Until the step's end: each layer has memory of its own, so that all layers' activities can be read then. */
        STEP
    }

    private final Scope scope;
    private final Precision precision;
    private final int maximalBatch;
    private final Lifetime lifetime;
    private final Map<String, Tensor> tensors = new HashMap<>();

    /**
     * Creates buffers in a scope for batches of at most {@code maximalBatch} samples.
     *
     * @param scope owner of the buffers
     * @param precision of activations
     * @param maximalBatch samples of the largest batch
     * @param lifetime how long what a layer computed must live
     */
    public Buffers(Scope scope, Precision precision, int maximalBatch, Lifetime lifetime) {
        this.scope = scope;
        this.precision = precision;
        this.maximalBatch = maximalBatch;
        this.lifetime = lifetime;
    }

    /** {@return the type of activations} */
    public DataType activations() {
        return precision.activations();
    }

    /** {@return how long what layers compute lives} */
    public Lifetime lifetime() {
        return lifetime;
    }

    /** {@return the scope that owns the buffers} */
    public Scope scope() {
        return scope;
    }

    /**
     * {@return the buffer of this name for {@code batch} rows; the same memory for the same name}
     *
     * @param name the buffer's name: the same name asks for the same memory
     * @param type the element type
     * @param row shape of one sample's part
     * @param batch rows, at most the largest batch
     */
    public Tensor get(String name, DataType type, Shape row, int batch) {
        Tensor whole = tensors.computeIfAbsent(name, n -> scope.allocate(type, row.prepend(maximalBatch)));
        if (!whole.shape().row().equals(row)) {
            throw new IllegalStateException(
                    "Buffer " + name + " has rows of " + whole.shape().row() + ", not " + row);
        }
        return whole.firstRows(batch);
    }

    /**
     * {@return the buffer of this name whose size does not depend on the batch}
     *
     * @param name the buffer's name: the same name asks for the same memory
     * @param type the element type
     * @param shape the extents
     */
    public Tensor fixed(String name, DataType type, Shape shape) {
        return tensors.computeIfAbsent(name, n -> scope.allocate(type, shape));
    }

    /**
     * {@return a buffer that lies on memory shared by all buffers of the same {@code memory} name: their contents do not live
     * at the same time}
     *
     * @param memory name of the memory that buffers share
     * @param largestRow bytes of the largest row that will be asked for under this memory's name
     * @param name the buffer's name: the same name asks for the same memory
     * @param type the element type
     * @param row shape of one sample's part
     * @param batch rows, at most the largest batch
     */
    public Tensor shared(String memory, long largestRow, String name, DataType type, Shape row, int batch) {
        int bytes = Math.toIntExact(Math.max(largestRow, row.size() * type.bytes()));
        Tensor base = tensors.computeIfAbsent(memory, n -> scope.allocate(DataType.U8, Shape.of(maximalBatch, bytes)));
        Tensor whole =
                tensors.computeIfAbsent(memory + "/" + name, n -> scope.overlay(base, type, row.prepend(maximalBatch)));
        return whole.firstRows(batch);
    }
}
