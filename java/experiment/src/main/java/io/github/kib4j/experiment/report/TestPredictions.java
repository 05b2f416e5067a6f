package io.github.kib4j.experiment.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What a network says of test images: how often it takes one class for another, and where it is most wrong. */
final class TestPredictions {
    private final int classes;
    private final long[][] confusion;
    private final List<Mistake> mistakes = new ArrayList<>();
    private int images;
    private int correct;

    /**
     * An image that is taken for one of another class.
     *
     * @param index of the image in the test set
     * @param label its class
     * @param predicted the class it is taken for
     * @param probability of its class, the softmax of the logits
     * @param predictedProbability of the class it is taken for
     */
    record Mistake(int index, int label, int predicted, double probability, double predictedProbability) {}

    TestPredictions(int classes) {
        this.classes = classes;
        confusion = new long[classes][classes];
    }

    /** Adds an image with its logits, those from {@code first} on. */
    void add(int index, int label, float[] logits, int first) {
        int predicted = 0;
        for (int m = 1; m < classes; m++) {
            predicted = logits[first + m] > logits[first + predicted] ? m : predicted;
        }
        images++;
        confusion[label][predicted]++;
        if (predicted == label) {
            correct++;
            return;
        }
        double sum = 0;
        for (int m = 0; m < classes; m++) {
            sum += Math.exp((double) logits[first + m] - logits[first + predicted]);
        }
        double probability = Math.exp((double) logits[first + label] - logits[first + predicted]) / sum;
        mistakes.add(new Mistake(index, label, predicted, probability, 1 / sum));
    }

    /** {@return how many images there are} */
    int images() {
        return images;
    }

    /** {@return how many images are told right} */
    int correct() {
        return correct;
    }

    /** {@return how many images of a class, the row, are taken for each class} */
    long[] row(int label) {
        return confusion[label].clone();
    }

    /** {@return the images whose own class is given the least probability, least first} */
    List<Mistake> worst(int most) {
        return mistakes.stream()
                .sorted(Comparator.comparingDouble(Mistake::probability).thenComparingInt(Mistake::index))
                .limit(most)
                .toList();
    }

    /**
     * Images of one class that are taken for another.
     *
     * @param label their class
     * @param predicted the class they are taken for
     * @param count of them
     * @param ofClass images of their class
     */
    record Confused(int label, int predicted, long count, long ofClass) {}

    /** {@return the classes that are taken for others most often} */
    List<Confused> mostConfused(int most) {
        List<Confused> all = new ArrayList<>();
        for (int label = 0; label < classes; label++) {
            long ofClass = 0;
            for (long count : confusion[label]) {
                ofClass += count;
            }
            for (int predicted = 0; predicted < classes; predicted++) {
                if (predicted != label && confusion[label][predicted] > 0) {
                    all.add(new Confused(label, predicted, confusion[label][predicted], ofClass));
                }
            }
        }
        return all.stream()
                .sorted(Comparator.comparingLong(Confused::count).reversed())
                .limit(most)
                .toList();
    }
}
