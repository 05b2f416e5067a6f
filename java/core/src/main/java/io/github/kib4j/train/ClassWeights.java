package io.github.kib4j.train;

import io.github.kib4j.tensor.RefusedException;
import java.util.List;

/**
 * What classes weigh in the readout's cross-entropy (docs/mathematics.md, section 7.7).
 *
 * @param given one weight for each class; empty for none, or for balanced ones
 * @param balanced whether weights make up for how often classes are in the training part: {@code w_m = N / (M n_m)}
 */
public record ClassWeights(List<Double> given, boolean balanced) {
    /** All classes weigh the same. */
    public static final ClassWeights NONE = new ClassWeights(List.of(), false);

    /** Classes of few samples weigh more. */
    public static final ClassWeights BALANCED = new ClassWeights(List.of(), true);

    /**
     * Checks the numbers; how many classes there are is the data set's to say.
     *
     * @param given one weight for each class, positive and finite in single precision
     * @param balanced whether they are to be found from the data set, and none is given
     */
    public ClassWeights {
        given = List.copyOf(given);
        if (balanced && !given.isEmpty()) {
            throw new RefusedException("Weights of classes are balanced or given, not both.");
        }
        for (double weight : given) {
            if (!((float) weight > 0) || !Float.isFinite((float) weight)) {
                throw new RefusedException("Weights of classes must be positive, but one is " + weight + ".");
            }
        }
    }

    /**
     * {@return weights}
     *
     * @param weights one for each class
     */
    public static ClassWeights of(List<Double> weights) {
        return new ClassWeights(weights, false);
    }

    /** Returns whether all classes weigh the same. */
    boolean isNone() {
        return given.isEmpty() && !balanced;
    }

    /** Returns a data set's weights, class by class. */
    float[] of(DeviceDataset dataset) {
        float[] weights = new float[dataset.classes()];
        if (!balanced) {
            for (int m = 0; m < weights.length; m++) {
                weights[m] = given.get(m).floatValue();
            }
            return weights;
        }
        int[] counts = new int[weights.length];
        for (int label : dataset.train().labels().readInts()) {
            counts[label]++;
        }
        for (int m = 0; m < weights.length; m++) {
            if (counts[m] == 0) {
                throw new RefusedException("No training sample is of class '"
                        + dataset.classNames().get(m)
                        + "', so that balanced weights of classes cannot be found; give weights, or samples of it.");
            }
            weights[m] = (float) ((double) dataset.trainCount() / weights.length / counts[m]);
        }
        return weights;
    }

    /** Refuses weights that are not one for each class. */
    void require(int classes) {
        if (!given.isEmpty() && given.size() != classes) {
            throw new RefusedException("There are " + classes + " classes, but " + given.size()
                    + " weights of classes; give one for each.");
        }
    }

    @Override
    public String toString() {
        return balanced ? "balanced" : given.toString();
    }
}
