package io.github.kib4j.dependence;

import java.util.Random;

/** What tests and approximations draw. */
final class Draws {
    private Draws() {}

    /** Returns {@code 0 .. n - 1} in a random order (Fisher and Yates). */
    static int[] permutation(Random random, int n) {
        return some(random, n, n);
    }

    /** Returns {@code count} of {@code 0 .. n - 1}, each once, in a random order. */
    static int[] some(Random random, int n, int count) {
        int[] all = new int[n];
        for (int i = 0; i < n; i++) {
            all[i] = i;
        }
        int[] drawn = new int[count];
        for (int i = 0; i < count; i++) {
            int j = i + random.nextInt(n - i);
            drawn[i] = all[j];
            all[j] = all[i];
        }
        return drawn;
    }
}
