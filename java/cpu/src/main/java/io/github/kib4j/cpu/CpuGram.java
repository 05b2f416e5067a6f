package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

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
    public Operation matrix(Tensor k, Tensor u, Kernel kernel, boolean centred) {
        Contracts.gramMatrix(k, u);
        long batch = u.shape().extent(0);
        long width = u.shape().rowSize();
        int type = CpuTensor.typeOf(u);
        FloatPointer out = CpuTensor.floats(k);
        BytePointer codes = CpuTensor.bytes(u);
        context.scratch().reserve(kib.kib_gram_workspace(batch, width));
        return context.kernel(
                "gram.matrix",
                () -> kib.kib_gram_matrix(
                        out,
                        codes,
                        type,
                        batch,
                        width,
                        kernel(kernel),
                        kernel.sigma(),
                        centred ? 1 : 0,
                        context.scratch().start(),
                        context.threads()));
    }

    @Override
    public Operation dependence(Tensor value, Tensor a, Tensor b, Estimator estimator) {
        Contracts.dependence(value, a, b);
        long batch = a.shape().extent(0);
        DoublePointer out = CpuTensor.doubles(value);
        FloatPointer first = CpuTensor.floats(a);
        FloatPointer second = CpuTensor.floats(b);
        return context.kernel(
                "gram.dependence", () -> kib.kib_gram_dependence(out, first, second, batch, estimator(estimator)));
    }
}
