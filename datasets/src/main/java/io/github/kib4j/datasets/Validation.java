package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import java.util.Arrays;

/**
 * The authors' validation split: the first tenth of numpy's {@code RandomState(0).shuffle(arange(n))} of the training images is
 * for validation, the rest for training.
 */
public final class Validation {
    private static final int LEAST_TO_SPLIT = 10;
    private static final int WORDS = 624;
    private static final int OFFSET = 397;

    private Validation() {}

    /**
     * {@return the data set that trains on nine tenths of the training images and tests on the other tenth}
     *
     * @param dataset the data set
     * @throws DatasetException if there are fewer than ten
     */
    public static Dataset of(Dataset dataset) {
        Split split = split(dataset.name(), dataset.train().count());
        return new Dataset(
                dataset.name(),
                dataset.train().select(dataset.name() + " train without validation", split.train()),
                dataset.train().select(dataset.name() + " validation", split.validation()),
                dataset.mean(),
                dataset.deviation(),
                dataset.padding(),
                dataset.flip());
    }

    /** Indices of the training images that stay so, and of those for validation. */
    @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
    record Split(int[] train, int[] validation) {}

    static Split split(String name, int images) {
        if (images < LEAST_TO_SPLIT) {
            throw new DatasetException("The validation split needs at least " + LEAST_TO_SPLIT
                    + " training images, but " + name + " has " + images + "; take more, or do without it.");
        }
        int[] order = permutation(images);
        return new Split(
                Arrays.copyOfRange(order, images(images), images), Arrays.copyOfRange(order, 0, images(images)));
    }

    /** Returns how many of so many training images are tested on. */
    static int images(int train) {
        return train / 10;
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
