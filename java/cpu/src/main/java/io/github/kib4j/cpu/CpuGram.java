package io.github.kib4j.cpu;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.kib_variable;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.DoublePointer;

/** {@link GramOps} by the kernels of {@code native/src/cpu/gram.cpp}. */
record CpuGram(kib_queue queue) implements GramOps<Work> {

    @Override
    public Work dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator) {
        long batch = x.shape().extent(0);
        int measure = Specs.estimator(estimator);
        kib_variable first = describe(x, kernelX);
        kib_variable second = describe(y, kernelY);
        return CpuWork.kernel(kib.kib_gram_workspace(first, second, batch), scratch -> {
            DoublePointer out = CpuTensor.doubles(value);
            first.rows(CpuTensor.bytes(x));
            second.rows(CpuTensor.bytes(y));
            return () -> kib.kib_gram_dependence(out, first, second, batch, measure, scratch, queue);
        });
    }

    private static kib_variable describe(Tensor samples, Kernel kernel) {
        CpuTensor.numbers(samples.type());
        return Specs.variable(samples, kernel);
    }
}
