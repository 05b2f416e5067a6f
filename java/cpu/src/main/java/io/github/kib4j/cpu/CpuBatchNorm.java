package io.github.kib4j.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/** {@link BatchNormOps} by oneDNN; the running statistics by a kernel of our own. */
record CpuBatchNorm(CpuContext context) implements BatchNormOps {
    private static final int SCALE_AND_SHIFT =
            dnnl.normalization_flags.use_scale.value | dnnl.normalization_flags.use_shift.value;
    private static final int RUNNING = SCALE_AND_SHIFT | dnnl.normalization_flags.use_global_stats.value;

    private batch_normalization_forward.primitive_desc description(Tensor y, Tensor a, dnnl.prop_kind kind, int flags) {
        OneDnn oneDnn = context.oneDnn();
        return new batch_normalization_forward.primitive_desc(
                oneDnn.engine(),
                kind.value,
                OneDnn.image(a),
                OneDnn.image(y),
                (float) EPSILON,
                flags,
                oneDnn.attributes(),
                false);
    }

    private memory image(Tensor tensor) {
        return context.oneDnn().on(OneDnn.image(tensor), tensor);
    }

    private memory vector(Tensor tensor) {
        return context.oneDnn().on(OneDnn.vector(tensor), tensor);
    }

    @Override
    public Operation forward(Tensor y, Saved saved, Tensor a, Parameters parameters) {
        Contracts.batchNorm("batchNorm.forward", y, a, parameters, saved);
        context.startPlanning();
        batch_normalization_forward.primitive_desc description =
                description(y, a, dnnl.prop_kind.forward_training, SCALE_AND_SHIFT);
        Operation normalize = context.oneDnn()
                .plan(
                        description,
                        new batch_normalization_forward(description),
                        OneDnn.arguments(
                                DNNL_ARG_SRC,
                                image(a),
                                DNNL_ARG_DST,
                                image(y),
                                DNNL_ARG_MEAN,
                                vector(saved.mean()),
                                DNNL_ARG_VARIANCE,
                                vector(saved.variance()),
                                DNNL_ARG_SCALE,
                                vector(parameters.scale()),
                                DNNL_ARG_SHIFT,
                                vector(parameters.shift())));
        long channels = a.shape().extent(1);
        long count = a.shape().size() / channels;
        FloatPointer runningMean = CpuTensor.floats(parameters.runningMean());
        FloatPointer runningVariance = CpuTensor.floats(parameters.runningVariance());
        FloatPointer mean = CpuTensor.floats(saved.mean());
        FloatPointer variance = CpuTensor.floats(saved.variance());
        Operation blend =
                () -> kib.kib_batch_norm_running(runningMean, runningVariance, mean, variance, channels, count);
        return context.sequence(List.of(normalize, blend));
    }

    @Override
    public Operation inference(Tensor y, Tensor a, Parameters parameters) {
        Contracts.batchNorm("batchNorm.inference", y, a, parameters, null);
        context.startPlanning();
        batch_normalization_forward.primitive_desc description =
                description(y, a, dnnl.prop_kind.forward_inference, RUNNING);
        return context.sequence(List.of(context.oneDnn()
                .plan(
                        description,
                        new batch_normalization_forward(description),
                        OneDnn.arguments(
                                DNNL_ARG_SRC,
                                image(a),
                                DNNL_ARG_DST,
                                image(y),
                                DNNL_ARG_MEAN,
                                vector(parameters.runningMean()),
                                DNNL_ARG_VARIANCE,
                                vector(parameters.runningVariance()),
                                DNNL_ARG_SCALE,
                                vector(parameters.scale()),
                                DNNL_ARG_SHIFT,
                                vector(parameters.shift())))));
    }

    @Override
    public Operation gradient(
            Tensor da, Tensor dscale, Tensor dshift, Tensor dy, Tensor a, Parameters parameters, Saved saved) {
        Contracts.batchNormGradient(da, dscale, dshift, dy, a, parameters, saved);
        context.startPlanning();
        OneDnn oneDnn = context.oneDnn();
        batch_normalization_backward.primitive_desc description = new batch_normalization_backward.primitive_desc(
                oneDnn.engine(),
                dnnl.prop_kind.backward.value,
                OneDnn.image(da),
                OneDnn.image(dy),
                OneDnn.image(a),
                (float) EPSILON,
                SCALE_AND_SHIFT,
                description(dy, a, dnnl.prop_kind.forward_training, SCALE_AND_SHIFT),
                oneDnn.attributes(),
                false);
        return context.sequence(List.of(oneDnn.plan(
                description,
                new batch_normalization_backward(description),
                OneDnn.arguments(
                        DNNL_ARG_SRC,
                        image(a),
                        DNNL_ARG_DIFF_DST,
                        image(dy),
                        DNNL_ARG_DIFF_SRC,
                        image(da),
                        DNNL_ARG_MEAN,
                        vector(saved.mean()),
                        DNNL_ARG_VARIANCE,
                        vector(saved.variance()),
                        DNNL_ARG_SCALE,
                        vector(parameters.scale()),
                        DNNL_ARG_DIFF_SCALE,
                        vector(dscale),
                        DNNL_ARG_DIFF_SHIFT,
                        vector(dshift)))));
    }
}
