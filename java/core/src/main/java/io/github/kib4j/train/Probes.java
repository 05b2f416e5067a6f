package io.github.kib4j.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads the class of an image off each hidden layer, by a linear function that is fitted to training images. */
final class Probes {
    /** Test images, at most. */
    static final int TESTED = 10_000;

    private final LayerReader train;
    private final LayerReader test;
    private final int depth;
    private final int classes;

    Probes(LayerReader train, LayerReader test, int depth, int classes) {
        this.train = train;
        this.test = test;
        this.depth = depth;
        this.classes = classes;
    }

    /** Returns the percentage of test images whose class is the greatest number that a layer's probe says. */
    List<Double> accuracies() {
        List<float[]> features = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            features.add(new float[Math.multiplyExact(train.images(), train.featureWidth(i))]);
        }
        int[] labels = new int[train.images()];
        train.read((layer, first, count, shown, numbers) -> {
            int width = train.featureWidth(layer);
            System.arraycopy(numbers.features().readFloats(), 0, features.get(layer), first * width, count * width);
            System.arraycopy(shown, 0, labels, first, count);
        });
        double[][] targets = new double[labels.length][classes];
        for (int i = 0; i < labels.length; i++) {
            targets[i][labels[i]] = 1;
        }
        List<Ridge> probes = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            probes.add(Ridge.fit(features.set(i, new float[0]), targets, Ridge.USUAL));
        }
        int[] correct = new int[depth];
        test.read((layer, first, count, shown, numbers) -> {
            float[] x = numbers.features().readFloats();
            for (int b = 0; b < count; b++) {
                correct[layer] += greatest(probes.get(layer).of(x, b)) == shown[b] ? 1 : 0;
            }
        });
        return Arrays.stream(correct)
                .mapToObj(right -> 100.0 * right / test.images())
                .toList();
    }

    /** Returns the first of the greatest numbers. */
    private static int greatest(double[] said) {
        int greatest = 0;
        for (int c = 1; c < said.length; c++) {
            if (said[c] > said[greatest]) {
                greatest = c;
            }
        }
        return greatest;
    }
}
