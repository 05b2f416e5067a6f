package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.cpu.internal.kib_variable;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.DoublePointer;

/** {@link GramOps} by the kernels of {@code native/src/cpu/gram.cpp}. */
record CpuGram(CpuContext context) implements GramOps {

    static int kernel(Kernel kernel) {
        return switch (kernel.kind()) {
            case LINEAR -> kib.KIB_LINEAR;
            case COSINE -> kib.KIB_COSINE;
            case GAUSSIAN -> kib.KIB_GAUSSIAN;
        };
    }

    static int estimator(Estimator estimator) {
        return estimator == Estimator.PHSIC ? kib.KIB_PHSIC : kib.KIB_HSIC;
    }

    @Override
    public Operation dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator) {
        Contracts.dependence(value, x, y);
        long batch = x.shape().extent(0);
        DoublePointer out = CpuTensor.doubles(value);
        kib_variable first = describe(x, kernelX);
        kib_variable second = describe(y, kernelY);
        context.scratch().reserve(kib.kib_gram_workspace(first, second, batch));
        return context.kernel(
                "gram.dependence",
                () -> kib.kib_gram_dependence(
                        out,
                        first,
                        second,
                        batch,
                        estimator(estimator),
                        context.scratch().start(),
                        context.threads()));
    }

    private static kib_variable describe(Tensor samples, Kernel kernel) {
        return new kib_variable()
                .rows(CpuTensor.bytes(samples))
                .type(CpuTensor.typeOf(samples))
                .width(samples.shape().rowSize())
                .kernel(kernel(kernel))
                .sigma(kernel.sigma());
    }
}
