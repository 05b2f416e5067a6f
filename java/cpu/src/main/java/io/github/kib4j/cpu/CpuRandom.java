package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;

/** {@link RandomOps} by the kernels of {@code native/src/cpu/step.cpp}. */
record CpuRandom(CpuContext context) implements RandomOps {

    @Override
    public Operation uniform(Tensor w, double bound, long seed, int layer) {
        Contracts.uniform(w);
        Shape shape = w.shape();
        long outer = shape.rank() == 4 ? shape.extent(0) : 1;
        long channels = shape.rank() == 4 ? shape.extent(1) : 1;
        long positions = shape.size() / outer / channels;
        FloatPointer out = CpuTensor.floats(w);
        return context.kernel(
                "random.uniform", () -> kib.kib_random_uniform(out, outer, channels, positions, bound, seed, layer));
    }

    @Override
    public Operation advance(Clock clock, int batch) {
        LongPointer now = CpuTensor.longs(clock.now());
        return context.kernel("random.advance", () -> kib.kib_random_advance(now, batch));
    }
}
