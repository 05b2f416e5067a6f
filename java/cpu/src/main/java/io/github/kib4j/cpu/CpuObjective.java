package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.cpu.internal.kib_meter;
import io.github.kib4j.cpu.internal.kib_objective_spec;
import io.github.kib4j.cpu.internal.kib_teaching;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** {@link ObjectiveOps} by the kernels of {@code native/src/cpu}: {@code gram.cpp}, {@code objective.cpp}. */
record CpuObjective(CpuContext context) implements ObjectiveOps {

    @Override
    public Operation gradient(
            Tensor du, Tensor value, Tensor u, Teaching teaching, Spec spec, Form form, @Nullable Meter meter) {
        Form chosen = Contracts.objectiveGradient(du, value, u, teaching, spec, form, meter);
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = describe(teaching);
        kib_meter sink = describe(meter);
        BytePointer out = CpuTensor.bytes(du);
        BytePointer codes = CpuTensor.bytes(u);
        DoublePointer result = CpuTensor.doubles(value);
        int threads = context.threads();
        boolean gram = chosen == Form.GRAM;
        GradientKernel kernel = gram ? kib::kib_objective_gradient_gram : kib::kib_objective_gradient_statistics;
        context.scratch()
                .reserve(
                        gram
                                ? kib.kib_objective_gram_workspace(settings, signal)
                                : kib.kib_objective_statistics_workspace(settings, signal));
        return context.kernel(
                "objective.gradient",
                () -> kernel.run(
                        out,
                        result,
                        codes,
                        signal,
                        settings,
                        sink,
                        context.scratch().start(),
                        threads));
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
                Pointer workspace,
                int threads);
    }

    private static kib_objective_spec describe(Tensor u, Spec spec) {
        kib_objective_spec s = new kib_objective_spec();
        s.type(CpuTensor.typeOf(u))
                .estimator(CpuGram.estimator(spec.estimator()))
                .kernel(CpuGram.kernel(spec.kernel()));
        s.centred(spec.centred() ? 1 : 0).sigma(spec.kernel().sigma()).gamma(spec.gamma());
        return s.batch(u.shape().extent(0)).width(u.shape().rowSize());
    }

    private static kib_teaching describe(Teaching teaching) {
        kib_teaching t = new kib_teaching();
        t.labels(null)
                .targets(null)
                .similarity(null)
                .outputs(Contracts.outputs(teaching))
                .same(0)
                .different(0);
        t.kernel(kib.KIB_LINEAR).centred(0).sigma(1);
        if (teaching instanceof Teaching.Classes classes) {
            t.labels(CpuTensor.ints(classes.labels())).same(classes.same()).different(classes.different());
        } else if (teaching instanceof Teaching.Targets targets) {
            t.targets(CpuTensor.floats(targets.targets())).kernel(CpuGram.kernel(targets.kernel()));
            t.centred(targets.centred() ? 1 : 0).sigma(targets.kernel().sigma());
        } else if (teaching instanceof Teaching.Similarity similarity) {
            t.similarity(CpuTensor.floats(similarity.similarity()));
        }
        return t;
    }

    static @Nullable kib_meter describe(@Nullable Meter meter) {
        if (meter == null) {
            return null;
        }
        kib_meter m = new kib_meter();
        m.sums(CpuTensor.doubles(meter.sums())).slot(meter.slot());
        return m.now(CpuTensor.longs(meter.clock().now()))
                .fault(CpuTensor.longs(meter.clock().fault()));
    }

    @Override
    public Operation codeStatistics(Statistics out, Tensor u, Teaching teaching, Spec spec) {
        Contracts.codeStatistics(out, u, teaching, spec);
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = describe(teaching);
        Tensor squares = out.teachingProductsSquared();
        DoublePointer squared = squares == null ? null : CpuTensor.doubles(squares);
        BytePointer codes = CpuTensor.bytes(u);
        context.scratch().reserve(kib.kib_objective_statistics_workspace(settings, signal));
        return context.kernel(
                "objective.codeStatistics",
                () -> kib.kib_objective_code_statistics(
                        CpuTensor.doubles(out.count()),
                        CpuTensor.doubles(out.codeSum()),
                        CpuTensor.doubles(out.codeProducts()),
                        CpuTensor.doubles(out.teachingProducts()),
                        CpuTensor.doubles(out.teachingSum()),
                        squared,
                        codes,
                        signal,
                        settings,
                        context.scratch().start(),
                        context.threads()));
    }

    @Override
    public Operation gradientFromStatistics(
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            Statistics statistics,
            Spec spec,
            @Nullable Meter meter) {
        Contracts.gradientFromStatistics(du, value, u, teaching, statistics, spec, meter);
        kib_objective_spec settings = describe(u, spec);
        kib_teaching signal = describe(teaching);
        kib_meter sink = describe(meter);
        BytePointer out = CpuTensor.bytes(du);
        BytePointer codes = CpuTensor.bytes(u);
        DoublePointer result = CpuTensor.doubles(value);
        context.scratch().reserve(kib.kib_objective_statistics_workspace(settings, signal));
        return context.kernel(
                "objective.gradientFromStatistics",
                () -> kib.kib_objective_gradient_from_statistics(
                        out,
                        result,
                        codes,
                        signal,
                        CpuTensor.doubles(statistics.count()),
                        CpuTensor.doubles(statistics.codeSum()),
                        CpuTensor.doubles(statistics.codeProducts()),
                        CpuTensor.doubles(statistics.teachingProducts()),
                        CpuTensor.doubles(statistics.teachingSum()),
                        settings,
                        sink,
                        context.scratch().start(),
                        context.threads()));
    }
}
