package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * {@link BatchNormOps} by the kernels of {@code native/src/cpu/batch_norm.cpp}. (oneDNN's sum a channel of a channels-last image
 * in one running float.)
 */
record CpuBatchNorm(CpuContext context) implements BatchNormOps {

    /** The extents of an input, for whose sums there is scratch memory. */
    private record Extents(int type, long rows, long channels) {}

    private Extents extents(Tensor a) {
        long channels = a.shape().extent(1);
        long rows = a.shape().size() / channels;
        context.scratch().reserve(kib.kib_batch_norm_workspace(rows, channels));
        return new Extents(CpuTensor.typeOf(a), rows, channels);
    }

    @Override
    public Operation forward(Tensor y, Saved saved, Tensor a, Parameters parameters) {
        Contracts.batchNorm("batchNorm.forward", y, a, parameters, saved);
        Extents extents = extents(a);
        BytePointer out = CpuTensor.bytes(y);
        DoublePointer mean = CpuTensor.doubles(saved.mean());
        DoublePointer variance = CpuTensor.doubles(saved.variance());
        FloatPointer runningMean = CpuTensor.floats(parameters.runningMean());
        FloatPointer runningVariance = CpuTensor.floats(parameters.runningVariance());
        BytePointer in = CpuTensor.bytes(a);
        FloatPointer scale = CpuTensor.floats(parameters.scale());
        FloatPointer shift = CpuTensor.floats(parameters.shift());
        return context.kernel(
                "batchNorm.forward",
                () -> kib.kib_batch_norm_forward(
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
                        context.scratch().start(),
                        context.threads()));
    }

    @Override
    public Operation inference(Tensor y, Tensor a, Parameters parameters) {
        Contracts.batchNorm("batchNorm.inference", y, a, parameters, null);
        Extents extents = extents(a);
        BytePointer out = CpuTensor.bytes(y);
        BytePointer in = CpuTensor.bytes(a);
        FloatPointer scale = CpuTensor.floats(parameters.scale());
        FloatPointer shift = CpuTensor.floats(parameters.shift());
        FloatPointer mean = CpuTensor.floats(parameters.runningMean());
        FloatPointer variance = CpuTensor.floats(parameters.runningVariance());
        return context.kernel(
                "batchNorm.inference",
                () -> kib.kib_batch_norm_inference(
                        out,
                        in,
                        scale,
                        shift,
                        mean,
                        variance,
                        extents.type(),
                        extents.rows(),
                        extents.channels(),
                        context.scratch().start(),
                        context.threads()));
    }

    @Override
    public Operation gradient(
            Tensor da, Tensor dscale, Tensor dshift, Tensor dy, Tensor a, Parameters parameters, Saved saved) {
        Contracts.batchNormGradient(da, dscale, dshift, dy, a, parameters, saved);
        Extents extents = extents(a);
        BytePointer out = CpuTensor.bytes(da);
        FloatPointer scaleGradient = CpuTensor.floats(dscale);
        FloatPointer shiftGradient = CpuTensor.floats(dshift);
        BytePointer upstream = CpuTensor.bytes(dy);
        BytePointer in = CpuTensor.bytes(a);
        DoublePointer mean = CpuTensor.doubles(saved.mean());
        DoublePointer variance = CpuTensor.doubles(saved.variance());
        FloatPointer scale = CpuTensor.floats(parameters.scale());
        return context.kernel(
                "batchNorm.gradient",
                () -> kib.kib_batch_norm_gradient(
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
                        context.scratch().start(),
                        context.threads()));
    }
}
