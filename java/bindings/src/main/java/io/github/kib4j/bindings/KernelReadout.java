package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_meter;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.jspecify.annotations.Nullable;

/**
 * {@link ReadoutOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelReadout(KernelLibrary library) implements ReadoutOps<Work> {

    @Override
    public Work crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, Meter meter) {
        library.numbers(y.type());
        int type = dy == null ? Specs.type(DataType.F32) : library.typeOf(dy);
        long batch = y.shape().extent(0);
        long outputs = y.shape().extent(1);
        return library.kernel(library.kernels().readout_workspace(batch, outputs), (scratch, queue) -> {
            BytePointer gradient = library.bytesOrNull(dy);
            FloatPointer logits = library.floats(y);
            IntPointer classes = library.ints(labels);
            kib_meter sink = Specs.meter(meter, library::bytes);
            return () -> library.kernels()
                    .readout_cross_entropy(gradient, type, logits, classes, batch, outputs, sink, scratch, queue);
        });
    }
}
