package io.github.kib4j.bindings;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;

/**
 * {@link RandomOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelRandom(KernelLibrary library) implements RandomOps<Work> {

    @Override
    public Work uniform(Tensor w, double bound, long seed, int layer) {
        library.numbers(w.type());
        Storage storage = Storage.of(w.shape());
        return library.kernel(0, (scratch, queue) -> {
            FloatPointer out = library.floats(w);
            return () -> library.kernels()
                    .random_uniform(
                            out, storage.outer(), storage.channels(), storage.positions(), bound, seed, layer, queue);
        });
    }

    @Override
    public Work advance(Clock clock, int batch) {
        return library.kernel(0, (scratch, queue) -> {
            LongPointer now = library.longs(clock.now());
            return () -> library.kernels().random_advance(now, batch, queue);
        });
    }
}
