package io.github.kib4j.train;

import io.github.kib4j.op.Philox;

/** The order of an epoch's samples. */
final class Order {
    private Order() {}

    /** Returns a permutation of {@code 0..n-1} by Fisher and Yates with random words of (seed, epoch). */
    static int[] ofEpoch(int n, long seed, int epoch) {
        int[] order = new int[n];
        int[] words = new int[4];
        for (int i = 0; i < n; i++) {
            if (i % 4 == 0) {
                Philox.words(words, seed, i / 4, epoch, 0, Philox.SHUFFLE);
            }
            int j = Philox.below(words[i % 4], i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
