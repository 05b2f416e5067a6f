package io.github.kib4j.cpu;

import static io.github.kib4j.cpu.CpuTensor.bytes;
import static io.github.kib4j.cpu.CpuTensor.doubles;
import static io.github.kib4j.cpu.CpuTensor.floats;

import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * {@link BatchNormOps} by the kernels of {@code native/src/cpu/batch_norm.cpp}. (oneDNN's sum a channel of a channels-last image
 * in one running float.)
 */
record CpuBatchNorm(kib_queue queue) implements BatchNormOps<Work> {

    /** The extents of an input. */
    private record Extents(int type, long rows, long channels) {
        static Extents of(Tensor a) {
            long channels = a.shape().extent(1);
            return new Extents(CpuTensor.typeOf(a), a.shape().size() / channels, channels);
        }

        Work kernel(CpuWork.Binder<CpuWork.Kernel> binder) {
            return CpuWork.kernel(kib.kib_batch_norm_workspace(rows, channels), binder);
        }
    }

    @Override
    public Work forward(Tensor y, Saved saved, Tensor a, Parameters parameters) {
        Extents extents = Extents.of(a);
        return extents.kernel(scratch -> {
            BytePointer out = bytes(y);
            DoublePointer mean = doubles(saved.mean());
            DoublePointer variance = doubles(saved.variance());
            FloatPointer runningMean = floats(parameters.runningMean());
            FloatPointer runningVariance = floats(parameters.runningVariance());
            BytePointer in = bytes(a);
            FloatPointer scale = floats(parameters.scale());
            FloatPointer shift = floats(parameters.shift());
            return () -> kib.kib_batch_norm_forward(
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
        Extents extents = Extents.of(a);
        return extents.kernel(scratch -> {
            BytePointer out = bytes(y);
            BytePointer in = bytes(a);
            FloatPointer scale = floats(parameters.scale());
            FloatPointer shift = floats(parameters.shift());
            FloatPointer mean = floats(parameters.runningMean());
            FloatPointer variance = floats(parameters.runningVariance());
            return () -> kib.kib_batch_norm_inference(
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
        Extents extents = Extents.of(a);
        return extents.kernel(scratch -> {
            BytePointer out = bytes(da);
            FloatPointer scaleGradient = floats(dscale);
            FloatPointer shiftGradient = floats(dshift);
            BytePointer upstream = bytes(dy);
            BytePointer in = bytes(a);
            DoublePointer mean = doubles(saved.mean());
            DoublePointer variance = doubles(saved.variance());
            FloatPointer scale = floats(parameters.scale());
            return () -> kib.kib_batch_norm_gradient(
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
