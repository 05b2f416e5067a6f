package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.longs;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Philox;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;

/** {@link RandomOps} in loops. */
record ReferenceRandom() implements RandomOps<Work> {
    @Override
    public Work uniform(Tensor w, double bound, long seed, int layer) {
        return Work.of(() -> {
            double[] out = doubles(w);
            int[] words = new int[4];
            for (int i = 0; i < out.length; i++) {
                if (i % 4 == 0) {
                    Philox.words(words, seed, i / 4, 0, layer, Philox.WEIGHTS);
                }
                out[i] = bound * (2 * Philox.uniform(words[i % 4]) - 1);
            }
        });
    }

    @Override
    public Work advance(Clock clock, int batch) {
        return Work.of(() -> {
            long[] now = longs(clock.now());
            now[Clock.STEP]++;
            now[Clock.EPOCH_STEP]++;
            now[Clock.POSITION] += batch;
        });
    }
}
