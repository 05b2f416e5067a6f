package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_meter;
import io.github.kib4j.bindings.internal.kib_objective_spec;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.kib_teaching;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * {@link ObjectiveOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelObjective(KernelLibrary library) implements ObjectiveOps<Work> {

    @Override
    public Work gradient(
            Tensor du, Tensor value, Tensor u, Teaching teaching, Spec spec, Form form, @Nullable Meter meter) {
        boolean gram = form == Form.GRAM;
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = Specs.teaching(teaching);
        GradientKernel kernel =
                gram ? library.kernels()::objective_gradient_gram : library.kernels()::objective_gradient_statistics;
        long scratchBytes = gram
                ? library.kernels().objective_gram_workspace(settings, signal)
                : library.kernels().objective_statistics_workspace(settings, signal);
        return library.kernel(scratchBytes, (scratch, queue) -> {
            BytePointer out = library.bytes(du);
            DoublePointer result = library.doubles(value);
            BytePointer codes = library.bytes(u);
            kib_meter sink = library.meter(meter);
            Specs.locate(signal, teaching, library::bytes);
            return () -> kernel.run(out, result, codes, signal, settings, sink, scratch, queue);
        });
    }

    @Override
    public Form cheaper(Tensor u, Teaching teaching, Spec spec) {
        boolean small = library.kernels().objective_gram_is_small(describe(u, spec), Specs.teaching(teaching)) != 0;
        return small ? Form.GRAM : ObjectiveOps.super.cheaper(u, teaching, spec);
    }

    /** The gradient by one of the two forms. */
    private interface GradientKernel {
        int run(
                Pointer du,
                DoublePointer value,
                Pointer u,
                kib_teaching teaching,
                kib_objective_spec spec,
                @Nullable kib_meter meter,
                @Nullable Pointer workspace,
                kib_queue queue);
    }

    private kib_objective_spec describe(Tensor u, Spec spec) {
        library.numbers(u.type());
        return Specs.objective(u, spec);
    }

    @Override
    public Work codeStatistics(Statistics out, Tensor u, Teaching teaching, Spec spec) {
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = Specs.teaching(teaching);
        return library.kernel(library.kernels().objective_statistics_workspace(settings, signal), (scratch, queue) -> {
            DoublePointer count = library.doubles(out.count());
            DoublePointer sum = library.doubles(out.codeSum());
            DoublePointer products = library.doubles(out.codeProducts());
            DoublePointer teachingProducts = library.doubles(out.teachingProducts());
            DoublePointer teachingSum = library.doubles(out.teachingSum());
            DoublePointer squared = library.doublesOrNull(out.teachingProductsSquared());
            BytePointer codes = library.bytes(u);
            Specs.locate(signal, teaching, library::bytes);
            return () -> library.kernels()
                    .objective_code_statistics(
                            count,
                            sum,
                            products,
                            teachingProducts,
                            teachingSum,
                            squared,
                            codes,
                            signal,
                            settings,
                            scratch,
                            queue);
        });
    }

    @Override
    public Work gradientFromStatistics(
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            Statistics statistics,
            Spec spec,
            @Nullable Meter meter) {
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = Specs.teaching(teaching);
        return library.kernel(library.kernels().objective_statistics_workspace(settings, signal), (scratch, queue) -> {
            BytePointer out = library.bytes(du);
            DoublePointer result = library.doubles(value);
            BytePointer codes = library.bytes(u);
            DoublePointer count = library.doubles(statistics.count());
            DoublePointer sum = library.doubles(statistics.codeSum());
            DoublePointer products = library.doubles(statistics.codeProducts());
            DoublePointer teachingProducts = library.doubles(statistics.teachingProducts());
            DoublePointer teachingSum = library.doubles(statistics.teachingSum());
            kib_meter sink = library.meter(meter);
            Specs.locate(signal, teaching, library::bytes);
            return () -> library.kernels()
                    .objective_gradient_from_statistics(
                            out,
                            result,
                            codes,
                            signal,
                            count,
                            sum,
                            products,
                            teachingProducts,
                            teachingSum,
                            settings,
                            sink,
                            scratch,
                            queue);
        });
    }
}
