package io.github.kib4j.train;

import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.Network;
import io.github.kib4j.objective.Comparison;
import io.github.kib4j.objective.GramMatrix;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Gathers what layers make of images, and finds the figures of {@link LayerStatistics}. */
final class LayerLook {
    /** How labels are compared under a rule that does not: as in the paper's runs. */
    private static final Comparison LABELS = new Comparison(Kernel.COSINE, true);

    private static final Comparison COSINES = new Comparison(Kernel.COSINE, false);
    private static final Comparison LINEAR = new Comparison(Kernel.LINEAR, false);

    private final Network network;
    private final LayerReader reader;
    private final int[] labels;
    private final List<Gathered> layers = new ArrayList<>();

    /** A layer's codes {@code [images, G]} and features {@code [images, F]}, and of its activity what is asked. */
    private static final class Gathered {
        private final float[] codes;
        private final float[] features;
        private final float[] least;
        private final float[] greatest;
        private double norms;

        Gathered(int images, int codeWidth, int featureWidth, int units) {
            codes = new float[Math.multiplyExact(images, codeWidth)];
            features = new float[Math.multiplyExact(images, featureWidth)];
            least = new float[units];
            greatest = new float[units];
            Arrays.fill(least, Float.POSITIVE_INFINITY);
            Arrays.fill(greatest, Float.NEGATIVE_INFINITY);
        }

        /** Takes activities {@code [B, C, H, W]} or {@code [B, N]}; a number that is none makes its unit's extremes none. */
        void addActivity(float[] z, int count, int row) {
            int positions = row / least.length;
            for (int b = 0; b < count; b++) {
                double squares = 0;
                for (int unit = 0; unit < least.length; unit++) {
                    int first = b * row + unit * positions;
                    for (int k = first; k < first + positions; k++) {
                        least[unit] = Math.min(least[unit], z[k]);
                        greatest[unit] = Math.max(greatest[unit], z[k]);
                        squares += (double) z[k] * z[k];
                    }
                }
                norms += Math.sqrt(squares);
            }
        }

        int dead() {
            int dead = 0;
            for (int k = 0; k < least.length; k++) {
                dead += least[k] == greatest[k] ? 1 : 0;
            }
            return dead;
        }

        int silent() {
            int silent = 0;
            for (float most : greatest) {
                silent += most <= 0 ? 1 : 0;
            }
            return silent;
        }
    }

    LayerLook(Network network, LayerReader reader) {
        this.network = network;
        this.reader = reader;
        labels = new int[reader.images()];
        for (HiddenLayer layer : network.hidden()) {
            layers.add(new Gathered(
                    reader.images(),
                    reader.codeWidth(layer.index()),
                    reader.featureWidth(layer.index()),
                    layer.spec().units()));
        }
    }

    /** Looks at the images. */
    LayerStatistics statistics(Rule rule) {
        reader.read(this::take);
        int images = reader.images();
        int classes = network.spec().outputs();
        Optional<Comparison> ofCodes = rule.codes();
        GramMatrix l = GramMatrix.ofLabels(labels, classes, rule.labels().orElse(LABELS));
        GramMatrix products = GramMatrix.ofLabels(labels, classes, LINEAR);
        List<GramMatrix> activities = layers.stream()
                .map(layer -> GramMatrix.ofDifferences(layer.features, images))
                .toList();
        List<LayerStatistics.OfLayer> found = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            Gathered layer = layers.get(i);
            GramMatrix k = ofCodes.map(comparison -> GramMatrix.of(layer.codes, images, comparison))
                    .orElseGet(() -> GramMatrix.of(layer.features, images, COSINES));
            found.add(new LayerStatistics.OfLayer(
                    k.phsic(k),
                    l.phsic(k),
                    k.hsic(k),
                    l.hsic(k),
                    activities.get(i).alignment(products),
                    weightNorm(network.hidden().get(i)),
                    layer.norms / images,
                    layer.least.length,
                    layer.dead(),
                    layer.silent()));
        }
        return new LayerStatistics(images, found, alignments(activities));
    }

    private void take(int layer, int first, int count, int[] shown, LayerReader.Layer numbers) {
        Gathered gathered = layers.get(layer);
        System.arraycopy(shown, 0, labels, first, count);
        int code = reader.codeWidth(layer);
        System.arraycopy(numbers.code().readFloats(), 0, gathered.codes, first * code, count * code);
        int features = reader.featureWidth(layer);
        System.arraycopy(numbers.features().readFloats(), 0, gathered.features, first * features, count * features);
        Shape activity = network.hidden().get(layer).activity();
        gathered.addActivity(numbers.activity().readFloats(), count, Math.toIntExact(activity.size()));
    }

    private static List<List<Double>> alignments(List<GramMatrix> activities) {
        int depth = activities.size();
        double[][] cka = new double[depth][depth];
        for (int i = 0; i < depth; i++) {
            for (int j = 0; j <= i; j++) {
                cka[i][j] = activities.get(i).alignment(activities.get(j));
                cka[j][i] = cka[i][j];
            }
        }
        return Arrays.stream(cka)
                .map(row -> Arrays.stream(row).boxed().toList())
                .toList();
    }

    private static double weightNorm(HiddenLayer layer) {
        double squares = 0;
        for (float weight : layer.parameters().get(0).value().readFloats()) {
            squares += (double) weight * weight;
        }
        return Math.sqrt(squares);
    }
}
