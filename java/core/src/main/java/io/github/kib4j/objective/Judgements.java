package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Philox;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;

/**
 * Whether two images are of the same class, as somebody says who errs and does not know all (docs/mathematics.md, section 3.7). What is
 * said of a pair is a function of the seed and the two images, and stays the same. Layers see a batch's similarities and nothing else.
 *
 * @param flipped part of the pairs of which the opposite is said
 * @param unknown part of the pairs of which nothing is said
 * @param seed which pairs these are
 */
record Judgements(double flipped, double unknown, long seed) implements TeachingSignal {
    Judgements {
        if (!(flipped >= 0) || !(unknown >= 0) || !(flipped + unknown < 1)) {
            throw new RefusedException(
                    "The flipped and the unknown part of judgements must be at least 0 and less than 1"
                            + " together, but are " + flipped + " and " + unknown + ".");
        }
    }

    @Override
    public boolean needsLabels() {
        return true;
    }

    @Override
    public Signature signature() {
        return Signature.of("judgements")
                .with("flipped", flipped)
                .with("unknown", unknown)
                .with("seed", seed);
    }

    @Override
    public Resident reside(Device device, Scope scope, TrainingSet set) {
        int[][] labels = new int[1][]; // read when first needed: a run that is only planned has none
        return new EpochSimilarities(device, scope, set, (images, rows) -> {
            labels[0] = labels[0] == null ? set.labels().get() : labels[0];
            judge(images, labels[0], rows);
        });
    }

    private void judge(int[] images, int[] labels, float[] rows) {
        int batch = images.length;
        double said = 0;
        long pairs = 0;
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j <= i; j++) {
                float judgement = ofPair(images[i], images[j], labels);
                rows[i * batch + j] = judgement;
                rows[j * batch + i] = judgement;
                if (!Float.isNaN(judgement)) {
                    said += i == j ? judgement : 2 * judgement;
                    pairs += i == j ? 1 : 2;
                }
            }
        }
        float mean = (float) (said / pairs); // an image is always like itself: there are some
        for (int k = 0; k < rows.length; k++) {
            rows[k] = Float.isNaN(rows[k]) ? mean : rows[k];
        }
    }

    /** Returns 1 or 0; NaN where nothing is said. */
    private float ofPair(int i, int j, int[] labels) {
        if (i == j) {
            return 1;
        }
        int[] words = new int[4];
        Philox.words(words, seed, Math.min(i, j), Math.max(i, j), 0, Philox.JUDGEMENTS);
        double drawn = Philox.uniform(words[0]);
        if (drawn < unknown) {
            return Float.NaN;
        }
        boolean same = labels[i] == labels[j];
        return same ^ drawn < unknown + flipped ? 1 : 0;
    }
}
