package io.github.kib4j.bench;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.TrainingConfig;
import java.util.Collections;
import java.util.List;
import java.util.Map;
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

    private static final Map<String, String> VGG =
            Map.of("vgg", "vgg-cifar10-1x-sgd-", "vgg-bn", "vgg-cifar10-1x-adamw-");
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

    /** {@return the shape of an image} */
    public Shape image() {
        return isVgg() ? Shape.of(3, 32, 32) : Shape.of(1, 28, 28);
    }

    /**
     * {@return random images: at most this many, in whole batches (at least one)}
     *
     * @param atMost how many at most
     */
    public Dataset dataset(int atMost) {
        return dataset(atMost, batch());
    }

    /**
     * {@return random images: at most this many, in whole batches (at least one)}
     *
     * @param atMost how many at most
     * @param batch images of a step
     */
    public Dataset dataset(int atMost, int batch) {
        Random random = new Random(1);
        int count = Math.max(1, atMost / batch) * batch;
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
     * {@return how kib4j trains it: as the paper does, with as many groups for all rules, at one rate that random images bear}
     *
     * @param epochs how often every image is seen
     */
    public TrainingConfig config(int epochs) {
        RunPlan plan = new RunPlan(settings(epochs));
        return plan.training(plan.rules().get(0), image(), CLASSES);
    }

    /**
     * {@return the settings of {@link #config}, to change}
     *
     * @param epochs how often every image is seen
     */
    public Settings settings(int epochs) {
        String rate = isBatchNorm() ? "5e-4" : "1e-3";
        Settings paper = new Presets().get((isVgg() ? VGG.get(network) : "mlp-fashion-mnist-") + rule);
        paper.set(Key.GROUPS, isBackprop() ? "0" : isVgg() ? "64" : "32");
        paper.set(Key.LR_LOCAL, rate).set(Key.LR_READOUT, rate).set(Key.SCHEDULE, "constant");
        paper.set(Key.EPOCHS, Integer.toString(epochs)).set(Key.PRECISION, precision.name());
        return paper.set(Key.SEED, "1");
    }

    /** {@return the network} */
    public NetworkSpec networkSpec() {
        return config(1).network();
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
