package io.github.kib4j.cpu;

import static io.github.kib4j.cpu.CpuTensor.bytes;
import static io.github.kib4j.cpu.CpuTensor.doubles;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_meter;
import io.github.kib4j.bindings.internal.kib_objective_spec;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.kib_teaching;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** {@link ObjectiveOps} by the kernels of {@code native/src/cpu}: {@code gram.cpp}, {@code statistics.cpp}. */
record CpuObjective(kib_queue queue) implements ObjectiveOps<Work> {

    @Override
    public Work gradient(
            Tensor du, Tensor value, Tensor u, Teaching teaching, Spec spec, Form form, @Nullable Meter meter) {
        boolean gram = form == Form.GRAM;
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = Specs.teaching(teaching);
        GradientKernel kernel = gram ? kib::kib_objective_gradient_gram : kib::kib_objective_gradient_statistics;
        long scratchBytes = gram
                ? kib.kib_objective_gram_workspace(settings, signal)
                : kib.kib_objective_statistics_workspace(settings, signal);
        return CpuWork.kernel(scratchBytes, scratch -> {
            BytePointer out = bytes(du);
            DoublePointer result = doubles(value);
            BytePointer codes = bytes(u);
            kib_meter sink = locate(meter);
            Specs.locate(signal, teaching, CpuTensor::bytes);
            return () -> kernel.run(out, result, codes, signal, settings, sink, scratch, queue);
        });
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

    private static kib_objective_spec describe(Tensor u, Spec spec) {
        CpuTensor.numbers(u.type());
        return Specs.objective(u, spec);
    }

    private static @Nullable kib_meter locate(@Nullable Meter meter) {
        return meter == null ? null : Specs.meter(meter, CpuTensor::bytes);
    }

    @Override
    public Work codeStatistics(Statistics out, Tensor u, Teaching teaching, Spec spec) {
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = Specs.teaching(teaching);
        return CpuWork.kernel(kib.kib_objective_statistics_workspace(settings, signal), scratch -> {
            DoublePointer count = doubles(out.count());
            DoublePointer sum = doubles(out.codeSum());
            DoublePointer products = doubles(out.codeProducts());
            DoublePointer teachingProducts = doubles(out.teachingProducts());
            DoublePointer teachingSum = doubles(out.teachingSum());
            DoublePointer squared = CpuTensor.doublesOrNull(out.teachingProductsSquared());
            BytePointer codes = bytes(u);
            Specs.locate(signal, teaching, CpuTensor::bytes);
            return () -> kib.kib_objective_code_statistics(
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
        return CpuWork.kernel(kib.kib_objective_statistics_workspace(settings, signal), scratch -> {
            BytePointer out = bytes(du);
            DoublePointer result = doubles(value);
            BytePointer codes = bytes(u);
            DoublePointer count = doubles(statistics.count());
            DoublePointer sum = doubles(statistics.codeSum());
            DoublePointer products = doubles(statistics.codeProducts());
            DoublePointer teachingProducts = doubles(statistics.teachingProducts());
            DoublePointer teachingSum = doubles(statistics.teachingSum());
            kib_meter sink = locate(meter);
            Specs.locate(signal, teaching, CpuTensor::bytes);
            return () -> kib.kib_objective_gradient_from_statistics(
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
