package io.github.kib4j.bindings;

import io.github.kib4j.op.BackendTensor;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/**
 * A tensor in native memory, once it has some: its own, or a part of another one's, with whose end its own ends. It lies there as
 * {@link Storage} says.
 */
public abstract class NativeTensor extends BackendTensor {
    private @Nullable BytePointer own;
    private @Nullable NativeTensor within;
    private long offset;

    /**
     * Creates a tensor, which has no memory yet.
     *
     * @param owner its scope
     * @param type the element type
     * @param shape the extents
     */
    protected NativeTensor(Owner owner, DataType type, Shape shape) {
        super(owner, type, shape);
    }

    /**
     * Gives it memory of its own, or takes it away.
     *
     * @param start where its numbers begin; null for none
     */
    protected final void own(@Nullable BytePointer start) {
        own = start;
    }

    /** {@return where its own memory begins; null if it has none} */
    protected final @Nullable BytePointer own() {
        return own;
    }

    /**
     * Puts it on a part of another tensor's memory.
     *
     * @param memory the other tensor
     * @param newOffset in bytes
     */
    public final void place(NativeTensor memory, long newOffset) {
        within = memory;
        offset = newOffset;
    }

    /**
     * {@return where the numbers lie}
     *
     * @throws IllegalStateException if it has no memory now
     */
    public final BytePointer data() {
        return requireMemory(memory()).getPointer(place());
    }

    /** {@return whether it has memory now} */
    protected final boolean isPlaced() {
        return memory() != null;
    }

    private @Nullable BytePointer memory() {
        return within == null ? own : within.memory();
    }

    private long place() {
        return within == null ? 0 : within.place() + offset;
    }
}
