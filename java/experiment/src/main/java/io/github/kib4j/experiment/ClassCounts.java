package io.github.kib4j.experiment;

import io.github.kib4j.model.Logits;
import java.util.List;

/** How many images of each class there are, and how many of them are told right. */
public final class ClassCounts {
    private final List<String> names;
    private final long[] images;
    private final long[] correct;

    ClassCounts(List<String> names) {
        this.names = names;
        images = new long[names.size()];
        correct = new long[names.size()];
    }

    /** Counts a batch of {@code [B]} labels and {@code [B, M]} logits. */
    void add(int[] labels, float[] logits) {
        for (int b = 0; b < labels.length; b++) {
            images[labels[b]]++;
            correct[labels[b]] += Logits.largest(logits, b, names.size()) == labels[b] ? 1 : 0;
        }
    }

    /** {@return the classes' names, by label} */
    public List<String> names() {
        return names;
    }

    /**
     * {@return how many images are of a class}
     *
     * @param label of the class
     */
    public long images(int label) {
        return images[label];
    }

    /**
     * {@return how many of a class's images are told right}
     *
     * @param label of the class
     */
    public long correct(int label) {
        return correct[label];
    }

    /**
     * {@return the accuracy on a class's images in percent; NaN if there are none}
     *
     * @param label of the class
     */
    public double accuracy(int label) {
        return images[label] == 0 ? Double.NaN : 100.0 * correct[label] / images[label];
    }
}
