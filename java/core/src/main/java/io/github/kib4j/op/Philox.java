package io.github.kib4j.op;

/**
 * The counter-based random numbers of every backend: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", 2011). Key = seed; counter = (element / 4, step or epoch, layer, purpose); element {@code e} takes word
 * {@code e mod 4}. Elements count in {@code C,H,W} order.
 */
public final class Philox {
    /** Purpose: initial weights. */
    public static final int WEIGHTS = 1;
    /** Purpose: the order of an epoch's samples. */
    public static final int SHUFFLE = 2;
    /** Purpose: crops and flips. */
    public static final int AUGMENTATION = 3;
    /** Purpose: dropout. */
    public static final int DROPOUT = 4;
    /** Purpose: generated data. */
    public static final int GENERATED_DATA = 5;
    /** Purpose: judgements of pairs; the counter begins with the two images. */
    public static final int JUDGEMENTS = 6;
    /** Purpose: mixup's parts. */
    public static final int MIXUP = 7;

    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final long MASK = 0xFFFFFFFFL;

    private Philox() {}

    /**
     * Computes four random words.
     *
     * @param words receives the four words
     * @param seed the key
     * @param c0 element / 4
     * @param c1 step or epoch
     * @param c2 layer
     * @param c3 purpose
     */
    public static void words(int[] words, long seed, int c0, int c1, int c2, int c3) {
        int x0 = c0;
        int x1 = c1;
        int x2 = c2;
        int x3 = c3;
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (MULTIPLIER_0 & MASK) * (x0 & MASK);
            long p1 = (MULTIPLIER_1 & MASK) * (x2 & MASK);
            x0 = (int) (p1 >>> 32) ^ x1 ^ k0;
            x1 = (int) p1;
            x2 = (int) (p0 >>> 32) ^ x3 ^ k1;
            x3 = (int) p0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        words[0] = x0;
        words[1] = x1;
        words[2] = x2;
        words[3] = x3;
    }

    /**
     * {@return the uniform number in (0, 1) of a random word: {@code (word + 1/2) / 2^32}}
     *
     * @param word a random word
     */
    public static double uniform(int word) {
        return ((word & MASK) + 0.5) * 0x1p-32;
    }

    /**
     * {@return the integer in {@code [0, bound)} of a random word: {@code floor(word bound / 2^32)}}
     *
     * @param word a random word
     * @param bound above all results, at least 1
     */
    public static int below(int word, int bound) {
        return (int) (((word & MASK) * bound) >>> 32);
    }
}
