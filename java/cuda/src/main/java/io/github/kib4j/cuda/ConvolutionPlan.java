package io.github.kib4j.cuda;

import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/** One way to compute a {@link ConvolutionTask}: always in the same order of sums, so that equal numbers give equal bits. */
interface ConvolutionPlan {
    /** Returns what it is an instance of. */
    ConvolutionFamily family();

    /** Returns a name that says which library's algorithm it is, unique among those of a task; it begins with the family. */
    String name();

    /** Returns whether a single-precision result was rounded to bfloat16 on the way. */
    boolean rounds();

    /** Returns the bytes of scratch memory that it needs. */
    long scratchBytes();

    /**
     * Returns what runs it. That allocates nothing and waits for nothing, and can be captured in a graph.
     *
     * @param memory where its operands are, at multiples of {@link #ALIGNMENT}
     * @param queue where it runs
     */
    Runnable bind(Memory memory, Queue queue);

    /** What addresses of operands and of scratch memory are multiples of. */
    int ALIGNMENT = 256;

    /**
     * Addresses on the device.
     *
     * @param x {@code [B, H, W, C]}: the input, or its gradient
     * @param w {@code [N, k, k, C]}: the weights, or their gradient
     * @param y {@code [B, H, W, N]}: the output, or its gradient
     * @param bias {@code [N]}, F32; null for none
     * @param scratch undefined before and after; null if none is needed
     */
    record Memory(
            BytePointer x,
            BytePointer w,
            BytePointer y,
            @Nullable BytePointer bias,
            @Nullable BytePointer scratch) {
        Memory with(BytePointer other) {
            return new Memory(x, w, y, bias, other);
        }
    }
}
