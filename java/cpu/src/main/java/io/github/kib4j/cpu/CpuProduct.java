package io.github.kib4j.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.github.kib4j.bindings.Sequence;
import io.github.kib4j.cpu.OneDnn.Operand;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_desc_base;
import org.jspecify.annotations.Nullable;

/**
 * {@link ProductOps} by oneDNN: of matrices, whose transposition is a matter of strides, and convolutions of channels-last images.
 * Weights are first copied into the type and storage that oneDNN wants, where those are others.
 */
record CpuProduct(OneDnn oneDnn, CpuLibrary library) implements ProductOps<Work> {
    private static final long[] STRIDE = {1, 1};

    @Override
    public Work forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        Work start = startPlanning(y, w);
        if (!geometry.isConvolution()) {
            return matrices(
                    start,
                    OneDnn.matrix(x),
                    OneDnn.transposed(w),
                    OneDnn.matrix(y),
                    bias == null ? null : OneDnn.row(bias));
        }
        Operand added = bias == null ? null : OneDnn.vector(bias);
        convolution_forward.primitive_desc description = convolution(y, x, w, added, geometry);
        return product(
                start,
                description,
                new convolution_forward(description),
                OneDnn.image(w),
                operands(OneDnn.image(x), OneDnn.image(y), added));
    }

    /**
     * Called before primitives are planned: how oneDNN splits work depends on the calling thread's number of threads; a small
     * product runs on one. Returns what sets the number again before they run.
     */
    private Work startPlanning(Tensor y, Tensor w) {
        int planned = kib.kib_threads_for_product(y.shape().size() * w.shape().rowSize(), library.threads());
        kib.kib_use_threads(planned);
        return Work.of(() -> kib.kib_use_threads(planned));
    }

    private convolution_forward.primitive_desc convolution(
            Tensor y, Tensor x, Tensor w, @Nullable Operand bias, Geometry geometry) {
        return new convolution_forward.primitive_desc(
                oneDnn.engine(),
                dnnl.prop_kind.forward_training,
                dnnl.algorithm.convolution_direct,
                OneDnn.image(x).layout(),
                OneDnn.image(w).any(OneDnn.image(x)),
                describe(bias),
                OneDnn.image(y).layout(),
                STRIDE,
                padding(geometry),
                padding(geometry),
                oneDnn.attributes(),
                false);
    }

    private static memory.desc describe(@Nullable Operand bias) {
        return bias == null ? new memory.desc() : bias.layout();
    }

    private static long[] padding(Geometry geometry) {
        return new long[] {geometry.padding(), geometry.padding()};
    }

    private static Map<Integer, Operand> operands(Operand x, Operand y, @Nullable Operand bias) {
        Map<Integer, Operand> operands = new HashMap<>(Map.of(DNNL_ARG_SRC, x, DNNL_ARG_DST, y));
        if (bias != null) {
            operands.put(DNNL_ARG_BIAS, bias);
        }
        return operands;
    }

    /** Plans {@code c = a b + bias}; where {@code b} is of another type than {@code a}, it is converted. */
    private Work matrices(Work start, Operand a, Operand b, Operand c, @Nullable Operand bias) {
        matmul.primitive_desc description = new matmul.primitive_desc(
                oneDnn.engine(),
                a.layout(),
                b.hasTypeOf(a) ? b.layout() : b.any(a),
                describe(bias),
                c.layout(),
                oneDnn.attributes(),
                false);
        return product(start, description, new matmul(description), b, operands(a, c, bias));
    }

    /** Plans a product with weights, which come first into the storage that it wants. */
    private Work product(
            Work start,
            primitive_desc_base description,
            primitive computation,
            Operand weights,
            Map<Integer, Operand> others) {
        Operand used = weights.as(description.weights_desc());
        List<Work> parts = new ArrayList<>(List.of(start));
        if (used.isCopy()) {
            parts.add(oneDnn.reorder(weights, used));
        }
        Map<Integer, Operand> operands = new HashMap<>(others);
        operands.put(DNNL_ARG_WEIGHTS, used);
        parts.add(oneDnn.plan(description, computation, operands));
        return new Sequence(parts);
    }

    @Override
    public Work weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry) {
        Work start = startPlanning(dy, dw);
        Work product = geometry.isConvolution()
                ? convolutionGradient(start, dw, dy, x, geometry)
                : matrices(start, OneDnn.transposed(dy), OneDnn.matrix(x), OneDnn.matrix(dw), null);
        return dbias == null ? product : new Sequence(List.of(product, library.sumRows(dbias, dy)));
    }

    private Work convolutionGradient(Work start, Tensor dw, Tensor dy, Tensor x, Geometry geometry) {
        Operand source = OneDnn.image(x);
        Operand upstream = OneDnn.image(dy);
        Operand gradient = OneDnn.image(dw);
        convolution_backward_weights.primitive_desc description = new convolution_backward_weights.primitive_desc(
                oneDnn.engine(),
                dnnl.algorithm.convolution_direct,
                source.layout(),
                gradient.any(gradient),
                upstream.layout(),
                STRIDE,
                padding(geometry),
                padding(geometry),
                convolution(dy, x, dw, null, geometry),
                oneDnn.attributes(),
                false);
        Operand computed = gradient.as(description.diff_weights_desc());
        List<Work> parts = new ArrayList<>(List.of(start));
        parts.add(oneDnn.plan(
                description,
                new convolution_backward_weights(description),
                Map.of(DNNL_ARG_SRC, source, DNNL_ARG_DIFF_DST, upstream, DNNL_ARG_DIFF_WEIGHTS, computed)));
        if (computed.isCopy()) {
            parts.add(oneDnn.reorder(computed, gradient));
        }
        return new Sequence(parts);
    }

    @Override
    public Work dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry) {
        Work start = startPlanning(dy, w);
        if (!geometry.isConvolution()) {
            return matrices(start, OneDnn.matrix(dy), OneDnn.matrix(w), OneDnn.matrix(dx), null);
        }
        Operand gradient = OneDnn.image(dx);
        Operand upstream = OneDnn.image(dy);
        convolution_backward_data.primitive_desc description = new convolution_backward_data.primitive_desc(
                oneDnn.engine(),
                dnnl.algorithm.convolution_direct,
                gradient.layout(),
                OneDnn.image(w).any(gradient),
                upstream.layout(),
                STRIDE,
                padding(geometry),
                padding(geometry),
                convolution(dy, dx, w, null, geometry),
                oneDnn.attributes(),
                false);
        return product(
                start,
                description,
                new convolution_backward_data(description),
                OneDnn.image(w),
                Map.of(DNNL_ARG_DIFF_SRC, gradient, DNNL_ARG_DIFF_DST, upstream));
    }
}
