package io.github.kib4j.bench.products;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.github.kib4j.testkit.Product;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.inner_product_backward_data;
import org.bytedeco.dnnl.inner_product_backward_weights;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;

/** The primitives by which oneDNN can compute a layer's products, in several storages. */
final class Primitives {
    private static final memory.data_type F32 = memory.data_type.f32;
    private static final long[] STRIDE = {1, 1};

    private final OneDnn oneDnn;
    private final memory.data_type type;
    private final primitive_attr attributes = new primitive_attr();

    Primitives(OneDnn oneDnn, memory.data_type type) {
        this.oneDnn = oneDnn;
        this.type = type;
    }

    /** Returns those that this processor has; none if it has not even one. */
    private static List<Primitive> available(List<Supplier<Primitive>> candidates) {
        List<Primitive> available = new ArrayList<>();
        for (Supplier<Primitive> candidate : candidates) {
            try {
                available.add(candidate.get());
            } catch (RuntimeException e) {
                // oneDNN's exception for a primitive that this processor has not
            }
        }
        return available;
    }

    /** Same-sized convolution of stride 1. */
    List<Primitive> convolution(Product product, long batch, long in, long out, long side, long kernel) {
        memory.desc w = OneDnn.any(type, out, in, kernel, kernel);
        memory.desc dw = OneDnn.any(F32, out, in, kernel, kernel);
        long[] pad = {(kernel - 1) / 2, (kernel - 1) / 2};
        return available(List.of(
                () -> convolution(
                        product,
                        "convolution on storage of its choice",
                        OneDnn.any(type, batch, in, side, side),
                        OneDnn.any(type, batch, out, side, side),
                        w,
                        dw,
                        pad),
                () -> convolution(
                        product,
                        "convolution, channels last",
                        OneDnn.channelsLast(type, batch, in, side, side),
                        OneDnn.channelsLast(type, batch, out, side, side),
                        w,
                        dw,
                        pad)));
    }

    private Primitive convolution(
            Product product, String how, memory.desc x, memory.desc y, memory.desc w, memory.desc dw, long[] pad) {
        dnnl.algorithm direct = dnnl.algorithm.convolution_direct;
        convolution_forward.primitive_desc forward = new convolution_forward.primitive_desc(
                oneDnn.cpu, dnnl.prop_kind.forward_training, direct, x, w, y, STRIDE, pad, pad, attributes, false);
        return switch (product) {
            case FORWARD ->
                new Primitive(
                        how,
                        new convolution_forward(forward),
                        Map.of(
                                DNNL_ARG_SRC, new Primitive.Argument(Role.X, forward.src_desc()),
                                DNNL_ARG_WEIGHTS, new Primitive.Argument(Role.W, forward.weights_desc()),
                                DNNL_ARG_DST, new Primitive.Argument(Role.Y, forward.dst_desc())));
            case WEIGHT_GRADIENT -> {
                convolution_backward_weights.primitive_desc desc = new convolution_backward_weights.primitive_desc(
                        oneDnn.cpu, direct, x, dw, y, STRIDE, pad, pad, forward, attributes, false);
                yield new Primitive(
                        how,
                        new convolution_backward_weights(desc),
                        Map.of(
                                DNNL_ARG_SRC, new Primitive.Argument(Role.X, desc.src_desc()),
                                DNNL_ARG_DIFF_DST, new Primitive.Argument(Role.Y, desc.diff_dst_desc()),
                                DNNL_ARG_DIFF_WEIGHTS, new Primitive.Argument(Role.DW, desc.diff_weights_desc())));
            }
            case DATA_GRADIENT -> {
                convolution_backward_data.primitive_desc desc = new convolution_backward_data.primitive_desc(
                        oneDnn.cpu, direct, x, w, y, STRIDE, pad, pad, forward, attributes, false);
                yield new Primitive(
                        how,
                        new convolution_backward_data(desc),
                        Map.of(
                                DNNL_ARG_DIFF_DST, new Primitive.Argument(Role.Y, desc.diff_dst_desc()),
                                DNNL_ARG_WEIGHTS, new Primitive.Argument(Role.W, desc.weights_desc()),
                                DNNL_ARG_DIFF_SRC, new Primitive.Argument(Role.DX, desc.diff_src_desc())));
            }
        };
    }

    /** Product with a weight matrix {@code [out, in]}. */
    List<Primitive> linear(Product product, long batch, long in, long out) {
        return available(List.of(
                () -> innerProduct(product, batch, in, out),
                () -> matrixProduct(product, "matrix product on storage of its choice", any(product, batch, in, out)),
                () -> matrixProduct(product, "matrix product, row-major", rows(product, batch, in, out))));
    }

    private Primitive innerProduct(Product product, long batch, long in, long out) {
        memory.desc x = OneDnn.any(type, batch, in);
        memory.desc y = OneDnn.any(type, batch, out);
        memory.desc w = OneDnn.any(type, out, in);
        inner_product_forward.primitive_desc forward = new inner_product_forward.primitive_desc(
                oneDnn.cpu, dnnl.prop_kind.forward_training, x, w, y, attributes, false);
        String how = "inner product on storage of its choice";
        return switch (product) {
            case FORWARD ->
                new Primitive(
                        how,
                        new inner_product_forward(forward),
                        Map.of(
                                DNNL_ARG_SRC, new Primitive.Argument(Role.X, forward.src_desc()),
                                DNNL_ARG_WEIGHTS, new Primitive.Argument(Role.W, forward.weights_desc()),
                                DNNL_ARG_DST, new Primitive.Argument(Role.Y, forward.dst_desc())));
            case WEIGHT_GRADIENT -> {
                inner_product_backward_weights.primitive_desc desc = new inner_product_backward_weights.primitive_desc(
                        oneDnn.cpu, x, OneDnn.any(F32, out, in), y, forward, attributes, false);
                yield new Primitive(
                        how,
                        new inner_product_backward_weights(desc),
                        Map.of(
                                DNNL_ARG_SRC, new Primitive.Argument(Role.X, desc.src_desc()),
                                DNNL_ARG_DIFF_DST, new Primitive.Argument(Role.Y, desc.diff_dst_desc()),
                                DNNL_ARG_DIFF_WEIGHTS, new Primitive.Argument(Role.DW, desc.diff_weights_desc())));
            }
            case DATA_GRADIENT -> {
                inner_product_backward_data.primitive_desc desc =
                        new inner_product_backward_data.primitive_desc(oneDnn.cpu, x, w, y, forward, attributes, false);
                yield new Primitive(
                        how,
                        new inner_product_backward_data(desc),
                        Map.of(
                                DNNL_ARG_DIFF_DST, new Primitive.Argument(Role.Y, desc.diff_dst_desc()),
                                DNNL_ARG_WEIGHTS, new Primitive.Argument(Role.W, desc.weights_desc()),
                                DNNL_ARG_DIFF_SRC, new Primitive.Argument(Role.DX, desc.diff_src_desc())));
            }
        };
    }

    /** Left factor, right factor and result. */
    private record Factors(memory.desc left, memory.desc right, memory.desc result) {}

    private Factors any(Product product, long batch, long in, long out) {
        return switch (product) {
            case FORWARD ->
                new Factors(OneDnn.any(type, batch, in), OneDnn.any(type, in, out), OneDnn.any(type, batch, out));
            case WEIGHT_GRADIENT ->
                new Factors(OneDnn.any(type, out, batch), OneDnn.any(type, batch, in), OneDnn.any(F32, out, in));
            case DATA_GRADIENT ->
                new Factors(OneDnn.any(type, batch, out), OneDnn.any(type, out, in), OneDnn.any(type, batch, in));
        };
    }

    private Factors rows(Product product, long batch, long in, long out) {
        return switch (product) {
            case FORWARD ->
                new Factors(OneDnn.rows(type, batch, in), OneDnn.columns(type, in, out), OneDnn.rows(type, batch, out));
            case WEIGHT_GRADIENT ->
                new Factors(OneDnn.columns(type, out, batch), OneDnn.rows(type, batch, in), OneDnn.rows(F32, out, in));
            case DATA_GRADIENT ->
                new Factors(OneDnn.rows(type, batch, out), OneDnn.rows(type, out, in), OneDnn.rows(type, batch, in));
        };
    }

    private Primitive matrixProduct(Product product, String how, Factors factors) {
        matmul.primitive_desc desc = new matmul.primitive_desc(
                oneDnn.cpu, factors.left(), factors.right(), factors.result(), attributes, false);
        Role left = product == Product.FORWARD ? Role.X : Role.Y;
        Role right = product == Product.WEIGHT_GRADIENT ? Role.X : Role.W;
        Role result = switch (product) {
            case FORWARD -> Role.Y;
            case WEIGHT_GRADIENT -> Role.DW;
            case DATA_GRADIENT -> Role.DX;
        };
        return new Primitive(
                how,
                new matmul(desc),
                Map.of(
                        DNNL_ARG_SRC, new Primitive.Argument(left, desc.src_desc()),
                        DNNL_ARG_WEIGHTS, new Primitive.Argument(right, desc.weights_desc()),
                        DNNL_ARG_DST, new Primitive.Argument(result, desc.dst_desc())));
    }
}
