package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.longs;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Philox;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.op.UseGuard;
import io.github.kib4j.tensor.Tensor;

/** {@link RandomOps} in loops. */
record ReferenceRandom(UseGuard guard) implements RandomOps {
    @Override
    public Operation uniform(Tensor w, double bound, long seed, int layer) {
        Contracts.uniform(w);
        return guard.guard(() -> {
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
    public Operation advance(Clock clock, int batch) {
        return guard.guard(() -> {
            longs(clock.now())[Clock.STEP]++;
            longs(clock.now())[Clock.POSITION] += batch;
        });
    }
}
