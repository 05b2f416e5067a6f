package io.github.kib4j.testkit;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.CellCodes;
import io.github.kib4j.objective.HebbianPairs;
import io.github.kib4j.objective.LocalClassification;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.PairMemory;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.TrainingConfig;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** A training run small enough for every backend's tests: bright squares in one of four corners. */
public final class TinyRun {
    private static final Shape IMAGE = Shape.of(2, 8, 8);
    private static final int FEATURES = 5;

    private TinyRun() {}

    /**
     * Returns images of 2 x 8 x 8 and four classes.
     *
     * @param train how many to train with
     * @param test how many to test with
     * @return always the same ones
     */
    public static Dataset dataset(int train, int test) {
        return dataset(IMAGE, train, test);
    }

    /**
     * Returns such images of other extents.
     *
     * @param image channels, height, width
     * @param train how many to train with
     * @param test how many to test with
     * @return always the same ones
     */
    public static Dataset dataset(Shape image, int train, int test) {
        List<Double> half = Collections.nCopies(image.extent(0), 0.5);
        return new Dataset(
                "corners",
                images(image, "corners train", train, 1),
                images(image, "corners test", test, 2),
                half,
                half,
                1,
                false);
    }

    /**
     * Returns features on scales of their own, of which three say the class: of four, about corners of a cube.
     *
     * @param train how many to train with
     * @param test how many to test with
     * @return always the same ones, normalized by those to train with
     */
    public static Dataset features(int train, int test) {
        return Dataset.standardized("corners", features("corners train", train, 1), features("corners test", test, 2));
    }

    private static ImageSet features(String name, int count, long seed) {
        Random random = new Random(seed);
        float[][] features = new float[count][FEATURES];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 4;
            for (int k = 0; k < FEATURES; k++) {
                boolean high = k < 3 && (labels[i] * (k + 1) / 2 & 1) == 1;
                features[i][k] = (float) (Math.pow(10, 2 - k) * (random.nextGaussian() + (high ? 4 : 0)) + k);
            }
        }
        return ImageSet.of(name, features, labels, List.of("a", "b", "c", "d"));
    }

    /**
     * Returns the training of two layers on features.
     *
     * @param rule which teaches
     * @param epochs how many
     * @param batch samples in a step
     * @return all settings
     */
    public static TrainingConfig onFeatures(Rule rule, int epochs, int batch) {
        LayerSpec style = LayerSpec.linear(1).withBias(true).withGrouping(new Grouping(4, 0.8, 1, 0.2));
        NetworkSpec network = NetworkSpec.mlp(Shape.of(FEATURES, 1, 1), List.of(24, 16), 4, style);
        return config(rule, network, epochs, batch, 0.01);
    }

    private static ImageSet images(Shape image, String name, int count, long seed) {
        Random random = new Random(seed);
        int size = (int) image.size();
        int height = image.extent(1);
        int width = image.extent(2);
        byte[] pixels = new byte[count * size];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 4;
            for (int k = 0; k < size; k++) {
                int row = k / width % height;
                int column = k % width;
                boolean inside = row / (height / 2) == labels[i] / 2 && column / (width / 2) == labels[i] % 2;
                pixels[i * size + k] = (byte) (random.nextInt(120) + (inside ? 110 : 0));
            }
        }
        return new ImageSet(name, image, pixels, labels, List.of("a", "b", "c", "d"));
    }

    /**
     * Returns the local rule.
     *
     * @return pHSIC with the cosine kernel and gamma 2
     */
    public static Rule phsic() {
        ObjectiveOps.Spec objective = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        return new LocalRule("phsic", LocalObjective.of(objective), TeachingSignals.classes(4, Kernel.COSINE, true));
    }

    /**
     * Returns the local rule with groups in cells.
     *
     * @return {@link #phsic} of one cell and of two times two
     */
    public static Rule cells() {
        LocalRule phsic = (LocalRule) phsic();
        return new LocalRule("phsic", new CellCodes(phsic.objective(), List.of(1, 2)), phsic.teaching());
    }

    /**
     * Returns layer-wise classification.
     *
     * @param feedback by what a local classifier's error comes back
     * @return with at most 16 features for 8 channels
     */
    public static Rule layerwise(Feedback.Kind feedback) {
        return new LocalRule(
                feedback == Feedback.Kind.EXACT ? "layerwise" : "layerwise-feedback-alignment",
                new LocalClassification(4, 16, feedback),
                TeachingSignals.classes(4, Kernel.COSINE, true));
    }

    /**
     * Returns pHSIC pair by pair.
     *
     * @param memory with what a sample is compared
     * @return with the kernel and gamma of {@link #phsic}
     */
    public static Rule pairs(PairMemory memory) {
        return new LocalRule(
                "hebbian-pairs",
                new HebbianPairs(Kernel.COSINE, true, 2, memory),
                TeachingSignals.classes(4, Kernel.COSINE, true));
    }

    /**
     * Returns the local rule taught without labels, in each way there is.
     *
     * @return judgements, views (of a run of two views), and target vectors
     */
    public static List<Rule> withoutLabels() {
        LocalRule phsic = (LocalRule) phsic();
        return Stream.of(
                        TeachingSignals.judgements(0.1, 0.2, 3),
                        TeachingSignals.views(),
                        TeachingSignals.pictures(IMAGE, 4, Kernel.COSINE, true))
                .<Rule>map(signal -> new LocalRule(phsic.name(), phsic.objective(), signal))
                .toList();
    }

    /**
     * Returns a rule of each kind.
     *
     * @return phsic first
     */
    public static List<Rule> rules() {
        return List.of(
                phsic(),
                cells(),
                pairs(new PairMemory.Batch()),
                pairs(new PairMemory.Last(20, 0.02)),
                pairs(new PairMemory.Averages(0.02)),
                layerwise(Feedback.Kind.EXACT),
                layerwise(Feedback.Kind.RANDOM),
                new BackpropRule(),
                new BackpropRule(Feedback.Kind.RANDOM, false),
                new BackpropRule(Feedback.Kind.SIGNS, false),
                new ReadoutRule());
    }

    /**
     * Returns the training of a convolution and a linear layer, with dropout and batch normalization.
     *
     * @param rule which teaches
     * @param epochs how many
     * @param batch images in a step
     * @param rate AdamW's, a quarter of it in the last epoch
     * @return all settings
     */
    public static TrainingConfig config(Rule rule, int epochs, int batch, double rate) {
        LayerSpec style = LayerSpec.linear(1)
                .withActivation(Activation.LEAKY_RELU)
                .withBatchNorm(true)
                .withGrouping(new Grouping(4, 0.8, 1, 0.2))
                .withDropout(new Dropout(0.1, false));
        return config(rule, NetworkSpec.vgg(IMAGE, new int[] {8}, Set.of(0), 16, 4, style), epochs, batch, rate);
    }

    /**
     * Returns two epochs of a convolution and a linear layer in a precision.
     *
     * @param rule which teaches
     * @param precision of activations and products
     * @return all settings
     */
    static TrainingConfig config(Rule rule, Precision precision) {
        TrainingConfig tiny = config(rule, 2, 16, 0.01);
        return new TrainingConfig(
                tiny.network(),
                rule,
                tiny.local(),
                tiny.readout(),
                tiny.schedule(),
                tiny.epochs(),
                tiny.batch(),
                precision,
                tiny.seed(),
                tiny.augment());
    }

    /**
     * Returns a training by orthogonalised momentum.
     *
     * @param config all other settings
     * @param rate of hidden layers' matrices
     * @return the same settings with it
     */
    public static TrainingConfig withMuon(TrainingConfig config, double rate) {
        return new TrainingConfig(
                config.network(),
                config.rule(),
                config.local().withMuon(rate),
                config.readout().withMuon(rate),
                config.schedule(),
                config.epochs(),
                config.batch(),
                config.precision(),
                config.seed(),
                config.augment());
    }

    /**
     * Returns the training of another network.
     *
     * @param rule which teaches
     * @param network what is trained
     * @param epochs how many
     * @param batch images in a step
     * @param rate AdamW's, a quarter of it in the last epoch
     * @return all settings
     */
    public static TrainingConfig config(Rule rule, NetworkSpec network, int epochs, int batch, double rate) {
        return new TrainingConfig(
                network,
                rule,
                OptimizerSpec.adamW(rate, 1e-4),
                OptimizerSpec.adamW(rate, 1e-4),
                new Schedule.MultiStep(List.of(Math.max(1, epochs - 1)), 0.25),
                epochs,
                batch,
                Precision.F32,
                7,
                true);
    }
}
