package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import java.util.Arrays;

/**
 * The authors' validation split: the first tenth of numpy's {@code RandomState(0).shuffle(arange(n))} of the training images is
 * for validation, the rest for training.
 */
public final class Validation {
    private static final int WORDS = 624;
    private static final int OFFSET = 397;

    private Validation() {}

    /** Returns the data set that trains on nine tenths of the training images and tests on the other tenth. */
    public static Dataset of(Dataset dataset) {
        int n = dataset.train().count();
        int[] order = permutation(n);
        ImageSet train = dataset.train()
                .select(dataset.name() + " train without validation", Arrays.copyOfRange(order, n / 10, n));
        ImageSet validation =
                dataset.train().select(dataset.name() + " validation", Arrays.copyOfRange(order, 0, n / 10));
        return new Dataset(
                dataset.name(),
                train,
                validation,
                dataset.mean(),
                dataset.deviation(),
                dataset.padding(),
                dataset.flip());
    }

    /** Returns what numpy's {@code RandomState(0).shuffle} makes of {@code 0..n-1}. */
    static int[] permutation(int n) {
        int[] order = new int[n];
        Arrays.setAll(order, i -> i);
        MersenneTwister random = new MersenneTwister(0);
        for (int i = n - 1; i > 0; i--) {
            int j = random.upTo(i);
            int moved = order[i];
            order[i] = order[j];
            order[j] = moved;
        }
        return order;
    }

    /** MT19937 (Matsumoto and Nishimura, 1998), seeded by {@code init_genrand}. */
    private static final class MersenneTwister {
        private final int[] state = new int[WORDS];
        private int next = WORDS;

        MersenneTwister(int seed) {
            state[0] = seed;
            for (int i = 1; i < WORDS; i++) {
                state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
            }
        }

        /** Returns a uniform integer in [0, bound]: masked words, rejected while they are too large. */
        int upTo(int bound) {
            int mask = -1 >>> Integer.numberOfLeadingZeros(bound);
            int value = word() & mask;
            while (value > bound) {
                value = word() & mask;
            }
            return value;
        }

        private int word() {
            if (next == WORDS) {
                refill();
            }
            int y = state[next++];
            y ^= y >>> 11;
            y ^= (y << 7) & 0x9d2c5680;
            y ^= (y << 15) & 0xefc60000;
            return y ^ (y >>> 18);
        }

        private void refill() {
            for (int i = 0; i < WORDS; i++) {
                int y = (state[i] & 0x80000000) | (state[(i + 1) % WORDS] & 0x7fffffff);
                state[i] = state[(i + OFFSET) % WORDS] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
            }
            next = 0;
        }
    }
}
