package io.github.kib4j.train;

import io.github.kib4j.op.Philox;

/** The order of an epoch's samples. */
final class Order {
    private Order() {}

    /**
     * Returns a permutation of {@code 0..n-1} by Fisher and Yates with random words of (seed, epoch), each image's views side by side:
     * view {@code v} of image {@code i} is {@code i + v n}.
     */
    static int[] ofEpoch(int n, int views, long seed, int epoch) {
        int[] images = ofEpoch(n, seed, epoch);
        int[] order = new int[n * views];
        for (int i = 0; i < order.length; i++) {
            order[i] = images[i / views] + i % views * n;
        }
        return order;
    }

    private static int[] ofEpoch(int n, long seed, int epoch) {
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
