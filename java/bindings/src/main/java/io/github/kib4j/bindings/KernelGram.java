package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_variable;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.DoublePointer;

/**
 * {@link GramOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelGram(KernelLibrary library) implements GramOps<Work> {

    @Override
    public Work dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator) {
        long batch = x.shape().extent(0);
        int measure = Specs.estimator(estimator);
        kib_variable first = describe(x, kernelX);
        kib_variable second = describe(y, kernelY);
        return library.kernel(library.kernels().gram_workspace(first, second, batch), (scratch, queue) -> {
            DoublePointer out = library.doubles(value);
            first.rows(library.bytes(x));
            second.rows(library.bytes(y));
            return () -> library.kernels().gram_dependence(out, first, second, batch, measure, scratch, queue);
        });
    }

    private kib_variable describe(Tensor samples, Kernel kernel) {
        library.numbers(samples.type());
        return Specs.variable(samples, kernel);
    }
}
