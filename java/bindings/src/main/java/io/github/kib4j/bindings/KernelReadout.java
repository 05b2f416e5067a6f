package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_meter;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
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
    public Work crossEntropy(
            @Nullable Tensor dy,
            Tensor y,
            Tensor wanted,
            double smoothing,
            @Nullable Tensor weights,
            @Nullable Meter meter) {
        library.numbers(y.type());
        boolean labelled = wanted.shape().rank() == 1;
        int type = dy == null ? Specs.type(DataType.F32) : library.typeOf(dy);
        long batch = y.shape().extent(0);
        long outputs = y.shape().extent(1);
        return library.kernel(library.kernels().readout_workspace(batch, outputs), (scratch, queue) -> {
            BytePointer gradient = library.bytesOrNull(dy);
            FloatPointer logits = library.floats(y);
            IntPointer labels = library.intsOrNull(labelled ? wanted : null);
            FloatPointer shares = library.floatsOrNull(labelled ? null : wanted);
            FloatPointer ofClasses = library.floatsOrNull(weights);
            kib_meter sink = library.meter(meter);
            return () -> library.kernels()
                    .readout_cross_entropy(
                            gradient, type, logits, labels, shares, smoothing, ofClasses, batch, outputs, sink, scratch,
                            queue);
        });
    }

    @Override
    public Work add(Tensor y, Tensor x) {
        int type = library.typeOf(y);
        long count = y.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            BytePointer sums = library.bytes(y);
            BytePointer terms = library.bytes(x);
            return () -> library.kernels().readout_add(sums, terms, type, count, queue);
        });
    }

    @Override
    public Work averagePool(Tensor y, Tensor x) {
        return pooled(y, x, x.shape(), y.shape(), library.kernels()::readout_average_pool);
    }

    @Override
    public Work averagePoolGradient(Tensor dx, Tensor dy) {
        return pooled(dx, dy, dx.shape(), dy.shape(), library.kernels()::readout_average_pool_gradient);
    }

    /** A function of pooling; its arguments are those of the C interface. */
    private interface Pool {
        int call(
                BytePointer to,
                BytePointer from,
                int type,
                long batch,
                long channels,
                long height,
                long width,
                long rows,
                long columns,
                kib_queue queue);
    }

    private Work pooled(Tensor to, Tensor from, Shape image, Shape windows, Pool pool) {
        int type = library.typeOf(to);
        return library.kernel(0, (scratch, queue) -> {
            BytePointer target = library.bytes(to);
            BytePointer source = library.bytes(from);
            return () -> pool.call(
                    target,
                    source,
                    type,
                    image.extent(0),
                    image.extent(1),
                    image.extent(2),
                    image.extent(3),
                    windows.extent(2),
                    windows.extent(3),
                    queue);
        });
    }
}
