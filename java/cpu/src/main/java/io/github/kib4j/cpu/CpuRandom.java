package io.github.kib4j.cpu;

import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;

/** {@link RandomOps} by the kernels of {@code native/src/cpu/random.cpp}. */
record CpuRandom(kib_queue queue) implements RandomOps<Work> {

    @Override
    public Work uniform(Tensor w, double bound, long seed, int layer) {
        CpuTensor.numbers(w.type());
        CpuTensor tensor = CpuTensor.of(w);
        return CpuWork.kernel(0, scratch -> {
            FloatPointer out = CpuTensor.floats(w);
            return () -> kib.kib_random_uniform(
                    out, tensor.outer(), tensor.channels(), tensor.positions(), bound, seed, layer, queue);
        });
    }

    @Override
    public Work advance(Clock clock, int batch) {
        return CpuWork.kernel(0, scratch -> {
            LongPointer now = CpuTensor.longs(clock.now());
            return () -> kib.kib_random_advance(now, batch, queue);
        });
    }
}
