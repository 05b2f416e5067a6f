package io.github.kib4j.model;

/** What logits say. */
public final class Logits {
    private Logits() {}

    /**
     * {@return the class of the largest logit of a row, the first of equal ones}
     *
     * @param logits {@code [B, M]}
     * @param row from 0
     * @param classes {@code M}
     */
    public static int largest(float[] logits, int row, int classes) {
        int best = 0;
        for (int m = 1; m < classes; m++) {
            if (logits[row * classes + m] > logits[row * classes + best]) {
                best = m;
            }
        }
        return best;
    }

    /**
     * {@return the softmax of a row, {@code exp(y_m) / sum_k exp(y_k)}, computed in double}
     *
     * @param logits {@code [B, M]}
     * @param row from 0
     * @param classes {@code M}
     */
    public static double[] softmax(float[] logits, int row, int classes) {
        int largest = largest(logits, row, classes);
        double[] powers = new double[classes];
        double sum = 0;
        for (int m = 0; m < classes; m++) {
            powers[m] = Math.exp((double) logits[row * classes + m] - logits[row * classes + largest]);
            sum += powers[m];
        }
        for (int m = 0; m < classes; m++) {
            powers[m] /= sum;
        }
        return powers;
    }
}
