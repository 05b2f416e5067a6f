package io.github.kib4j.bindings;

import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * {@link BatchNormOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelBatchNorm(KernelLibrary library) implements BatchNormOps<Work> {

    /** The extents of an input. */
    private record Extents(int type, long rows, long channels) {}

    private Extents extents(Tensor a) {
        long channels = a.shape().extent(1);
        return new Extents(library.typeOf(a), a.shape().size() / channels, channels);
    }

    private Work kernel(Extents extents, KernelLibrary.Binder binder) {
        return library.kernel(library.kernels().batch_norm_workspace(extents.rows(), extents.channels()), binder);
    }

    @Override
    public Work forward(Tensor y, Saved saved, Tensor a, Parameters parameters) {
        Extents extents = extents(a);
        return kernel(extents, (scratch, queue) -> {
            BytePointer out = library.bytes(y);
            DoublePointer mean = library.doubles(saved.mean());
            DoublePointer variance = library.doubles(saved.variance());
            FloatPointer runningMean = library.floats(parameters.runningMean());
            FloatPointer runningVariance = library.floats(parameters.runningVariance());
            BytePointer in = library.bytes(a);
            FloatPointer scale = library.floats(parameters.scale());
            FloatPointer shift = library.floats(parameters.shift());
            return () -> library.kernels()
                    .batch_norm_forward(
                            out,
                            mean,
                            variance,
                            runningMean,
                            runningVariance,
                            in,
                            scale,
                            shift,
                            extents.type(),
                            extents.rows(),
                            extents.channels(),
                            scratch,
                            queue);
        });
    }

    @Override
    public Work inference(Tensor y, Tensor a, Parameters parameters) {
        Extents extents = extents(a);
        return kernel(extents, (scratch, queue) -> {
            BytePointer out = library.bytes(y);
            BytePointer in = library.bytes(a);
            FloatPointer scale = library.floats(parameters.scale());
            FloatPointer shift = library.floats(parameters.shift());
            FloatPointer mean = library.floats(parameters.runningMean());
            FloatPointer variance = library.floats(parameters.runningVariance());
            return () -> library.kernels()
                    .batch_norm_inference(
                            out,
                            in,
                            scale,
                            shift,
                            mean,
                            variance,
                            extents.type(),
                            extents.rows(),
                            extents.channels(),
                            scratch,
                            queue);
        });
    }

    @Override
    public Work gradient(
            Tensor da, Tensor dscale, Tensor dshift, Tensor dy, Tensor a, Parameters parameters, Saved saved) {
        Extents extents = extents(a);
        return kernel(extents, (scratch, queue) -> {
            BytePointer out = library.bytes(da);
            FloatPointer scaleGradient = library.floats(dscale);
            FloatPointer shiftGradient = library.floats(dshift);
            BytePointer upstream = library.bytes(dy);
            BytePointer in = library.bytes(a);
            DoublePointer mean = library.doubles(saved.mean());
            DoublePointer variance = library.doubles(saved.variance());
            FloatPointer scale = library.floats(parameters.scale());
            return () -> library.kernels()
                    .batch_norm_gradient(
                            out,
                            scaleGradient,
                            shiftGradient,
                            upstream,
                            in,
                            mean,
                            variance,
                            scale,
                            extents.type(),
                            extents.rows(),
                            extents.channels(),
                            scratch,
                            queue);
        });
    }
}
