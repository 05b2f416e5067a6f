package io.github.kib4j.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.ConvolutionOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/** {@link ConvolutionOps} by oneDNN, on channels-last images; weights are put into the storage that oneDNN prefers. */
record CpuConvolution(CpuContext context) implements ConvolutionOps {
    private static final long[] STRIDE = {1, 1};

    @Override
    public Operation forward(Tensor y, Tensor x, Tensor weight, @Nullable Tensor bias) {
        Contracts.convolution("convolution.forward", y, x, weight, bias);
        int threads = context.startPlanning(multiplications(y, weight));
        OneDnn oneDnn = context.oneDnn();
        convolution_forward.primitive_desc description = description(y, x, weight, bias);
        List<Operation> operations = new ArrayList<>();
        memory blocked = addReorder(operations, weight, description.weights_desc());
        Map<Integer, memory> arguments = OneDnn.arguments(
                DNNL_ARG_SRC,
                oneDnn.on(OneDnn.image(x), x),
                DNNL_ARG_WEIGHTS,
                blocked,
                DNNL_ARG_DST,
                oneDnn.on(OneDnn.image(y), y));
        if (bias != null) {
            arguments.put(DNNL_ARG_BIAS, oneDnn.on(OneDnn.vector(bias), bias));
        }
        operations.add(oneDnn.plan(description, new convolution_forward(description), arguments));
        return context.sequence(threads, operations);
    }

    private convolution_forward.primitive_desc description(Tensor y, Tensor x, Tensor weight, @Nullable Tensor bias) {
        OneDnn oneDnn = context.oneDnn();
        memory.desc anyWeights = anyWeights(x.type(), weight.shape());
        long[] padding = padding(weight);
        return bias == null
                ? new convolution_forward.primitive_desc(
                        oneDnn.engine(),
                        dnnl.prop_kind.forward_training,
                        dnnl.algorithm.convolution_direct,
                        OneDnn.image(x),
                        anyWeights,
                        OneDnn.image(y),
                        STRIDE,
                        padding,
                        padding,
                        oneDnn.attributes(),
                        false)
                : new convolution_forward.primitive_desc(
                        oneDnn.engine(),
                        dnnl.prop_kind.forward_training,
                        dnnl.algorithm.convolution_direct,
                        OneDnn.image(x),
                        anyWeights,
                        OneDnn.vector(bias),
                        OneDnn.image(y),
                        STRIDE,
                        padding,
                        padding,
                        oneDnn.attributes(),
                        false);
    }

    /** Adds the copy of the weights into the storage that a primitive wants, and returns it. */
    private memory addReorder(List<Operation> operations, Tensor weight, memory.desc wanted) {
        OneDnn oneDnn = context.oneDnn();
        memory blocked = oneDnn.on(wanted, context.weights());
        operations.add(oneDnn.reorder(oneDnn.on(stored(weight), weight), stored(weight), blocked, wanted));
        return blocked;
    }

    private static memory.desc anyWeights(DataType type, Shape shape) {
        return OneDnn.any(type, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3));
    }

    /** Describes weights {@code [N, C, k, k]} as they are stored: {@code [N, k, k, C]}. */
    private static memory.desc stored(Tensor weight) {
        return OneDnn.image(weight);
    }

    private static long multiplications(Tensor y, Tensor weight) {
        return y.shape().size() * weight.shape().rowSize();
    }

    private static long[] padding(Tensor weight) {
        long padding = (weight.shape().extent(2) - 1) / 2;
        return new long[] {padding, padding};
    }

    @Override
    public Operation weightGradient(Tensor dweight, @Nullable Tensor dbias, Tensor dy, Tensor x) {
        Contracts.convolution("convolution.weightGradient", dy, x, dweight, dbias);
        int threads = context.startPlanning(multiplications(dy, dweight));
        OneDnn oneDnn = context.oneDnn();
        long[] padding = padding(dweight);
        convolution_backward_weights.primitive_desc description = new convolution_backward_weights.primitive_desc(
                oneDnn.engine(),
                dnnl.algorithm.convolution_direct,
                OneDnn.image(x),
                anyWeights(DataType.F32, dweight.shape()),
                OneDnn.image(dy),
                STRIDE,
                padding,
                padding,
                description(dy, x, dweight, null),
                oneDnn.attributes(),
                false);
        memory blocked = oneDnn.on(description.diff_weights_desc(), context.weights());
        List<Operation> operations = new ArrayList<>();
        operations.add(oneDnn.plan(
                description,
                new convolution_backward_weights(description),
                OneDnn.arguments(
                        DNNL_ARG_SRC,
                        oneDnn.on(OneDnn.image(x), x),
                        DNNL_ARG_DIFF_DST,
                        oneDnn.on(OneDnn.image(dy), dy),
                        DNNL_ARG_DIFF_WEIGHTS,
                        blocked)));
        operations.add(oneDnn.reorder(
                blocked, description.diff_weights_desc(), oneDnn.on(stored(dweight), dweight), stored(dweight)));
        if (dbias != null) {
            operations.add(new CpuLinear(context).sumRows(dbias, dy));
        }
        return context.sequence(threads, operations);
    }

    @Override
    public Operation dataGradient(Tensor dx, Tensor dy, Tensor weight) {
        Contracts.convolution("convolution.dataGradient", dy, dx, weight, null);
        int threads = context.startPlanning(multiplications(dy, weight));
        OneDnn oneDnn = context.oneDnn();
        long[] padding = padding(weight);
        convolution_backward_data.primitive_desc description = new convolution_backward_data.primitive_desc(
                oneDnn.engine(),
                dnnl.algorithm.convolution_direct,
                OneDnn.image(dx),
                anyWeights(dx.type(), weight.shape()),
                OneDnn.image(dy),
                STRIDE,
                padding,
                padding,
                description(dy, dx, weight, null),
                oneDnn.attributes(),
                false);
        List<Operation> operations = new ArrayList<>();
        memory blocked = addReorder(operations, weight, description.weights_desc());
        operations.add(oneDnn.plan(
                description,
                new convolution_backward_data(description),
                OneDnn.arguments(
                        DNNL_ARG_DIFF_SRC,
                        oneDnn.on(OneDnn.image(dx), dx),
                        DNNL_ARG_DIFF_DST,
                        oneDnn.on(OneDnn.image(dy), dy),
                        DNNL_ARG_WEIGHTS,
                        blocked)));
        return context.sequence(threads, operations);
    }
}
