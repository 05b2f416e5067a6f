package io.github.kib4j.bench;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.TrainingConfig;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A training to time: the paper's VGG or MLP on random images, whose values do not change the work.
 *
 * @param network {@code mlp} (Fashion-MNIST's shape, batch 256; SGD), {@code vgg} (CIFAR-10's, batch 128; SELU, alpha dropout,
 *     SGD) or {@code vgg-bn} (the same with leaky ReLU, batch norm, dropout and AdamW)
 * @param rule {@code cosine-grp-div}, {@code gaussian-grp-div}, {@code cosine-grp} or {@code backprop}
 */
public record Workload(String network, String rule, Precision precision) {
    /** The networks. */
    public static final List<String> NETWORKS = List.of("mlp", "vgg", "vgg-bn");
    /** The rules. */
    public static final List<String> RULES = List.of("cosine-grp-div", "gaussian-grp-div", "cosine-grp", "backprop");

    private static final int CLASSES = 10;

    /**
     * Checks the names.
     *
     * @param network what learns
     * @param rule how it learns
     * @param precision of activations and products
     */
    public Workload {
        checkName("network", network, NETWORKS);
        checkName("rule", rule, RULES);
    }

    private static void checkName(String what, String name, List<String> known) {
        if (!known.contains(name)) {
            throw new IllegalArgumentException(
                    "There is no " + what + " '" + name + "'; choose of: " + String.join(", ", known) + ".");
        }
    }

    /** {@return whether the rule is backprop} */
    public boolean isBackprop() {
        return rule.equals("backprop");
    }

    /** {@return whether it is a VGG of either kind} */
    public boolean isVgg() {
        return network.startsWith("vgg");
    }

    private boolean isBatchNorm() {
        return network.equals("vgg-bn");
    }

    /** {@return the images of a training step} */
    public int batch() {
        return isVgg() ? 128 : 256;
    }

    /** {@return how many training images the real data set has: those of CIFAR-10 or Fashion-MNIST} */
    public int usualImages() {
        return isVgg() ? 50_000 : 60_000;
    }

    private Shape image() {
        return isVgg() ? Shape.of(3, 32, 32) : Shape.of(1, 28, 28);
    }

    /**
     * {@return random images: at most this many, in whole batches (at least one)}
     *
     * @param atMost how many at most
     */
    public Dataset dataset(int atMost) {
        Random random = new Random(1);
        int count = Math.max(1, atMost / batch()) * batch();
        byte[] pixels = new byte[Math.toIntExact(count * image().size())];
        random.nextBytes(pixels);
        int[] labels = random.ints(count, 0, CLASSES).toArray();
        List<String> names =
                IntStream.range(0, CLASSES).mapToObj(String::valueOf).toList();
        ImageSet images = new ImageSet("random", image(), pixels, labels, names);
        List<Double> half = Collections.nCopies(image().extent(0), 0.5);
        return new Dataset("random", images, images.first(2), half, half, isVgg() ? 4 : 0, isVgg());
    }

    /**
     * {@return how kib4j trains it}
     *
     * @param epochs how often every image is seen
     */
    public TrainingConfig config(int epochs) {
        return new TrainingConfig(
                networkSpec(),
                ruleOf(),
                optimizer(1e-7),
                optimizer(1e-6),
                new Schedule.Constant(),
                epochs,
                batch(),
                precision,
                1,
                true);
    }

    private boolean isSelu() {
        return isVgg() && !isBatchNorm();
    }

    private OptimizerSpec optimizer(double weightDecay) {
        return isBatchNorm() ? OptimizerSpec.adamW(5e-4, weightDecay) : OptimizerSpec.sgd(1e-3, 0.95, weightDecay);
    }

    /** {@return the network} */
    public NetworkSpec networkSpec() {
        boolean divisive = rule.endsWith("div");
        Grouping grouping =
                isBackprop() ? null : new Grouping(isVgg() ? 64 : 32, divisive ? 0.8 : 0.5, 1, divisive ? 0.2 : 0);
        LayerSpec style = LayerSpec.linear(1)
                .withBatchNorm(isBatchNorm())
                .withActivation(isSelu() ? Activation.SELU : Activation.LEAKY_RELU)
                .withDropout(new Dropout(isVgg() ? 0.05 : 0.01, isSelu()))
                .withGrouping(grouping);
        return isVgg()
                ? NetworkSpec.vgg(image(), 1, CLASSES, style)
                : NetworkSpec.mlp(image(), List.of(1024, 1024, 1024), CLASSES, style);
    }

    private Rule ruleOf() {
        if (isBackprop()) {
            return new BackpropRule();
        }
        Kernel kernel = rule.startsWith("gaussian") ? Kernel.gaussian(5) : Kernel.COSINE;
        ObjectiveOps.Spec objective = new ObjectiveOps.Spec(Estimator.PHSIC, kernel, true, 2);
        return new LocalRule(
                "phsic", LocalObjective.of(objective), TeachingSignals.classes(CLASSES, Kernel.COSINE, true));
    }

    /**
     * {@return the floating-point operations of an image's training step, two for a multiplication with its addition: forward and weight gradients, for backprop also data gradients of all but the first layer}
     */
    public long operations() {
        NetworkSpec spec = networkSpec();
        long sum = 0;
        for (int i = 0; i <= spec.hidden().size(); i++) {
            int products = isBackprop() && i > 0 ? 3 : 2;
            sum += 2L * products * spec.multiplications(i);
        }
        return sum;
    }
}
