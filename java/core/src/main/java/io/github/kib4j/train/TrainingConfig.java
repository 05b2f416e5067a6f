package io.github.kib4j.train;

import io.github.kib4j.checkpoint.Identity;
import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Signature;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.RefusedException;
import java.util.List;

/**
 * All that decides a training run besides its data and device.
 *
 * @param local updates hidden layers by local rules
 * @param readout updates the readout; with backprop, everything
 * @param schedule of both learning rates
 * @param batch samples of a step; the last one of an epoch may be smaller, and is skipped if it is a single sample
 * @param seed of initial weights, order, augmentation and dropout
 * @param augment whether training images are shifted and mirrored as the data set says
 * @param views how often an image is in an epoch, side by side in a batch, each time shifted and mirrored otherwise
 * @param labels what training makes of class labels
 * @param weightAverage decay, in a step, of the average of the weights that is evaluated (docs/mathematics.md, section 10.1); 0 for
 *     the weights themselves
 * @param testFlips whether evaluation reads each image mirrored too, and says apart how often the mean of both logits is right
 */
public record TrainingConfig(
        NetworkSpec network,
        Rule rule,
        OptimizerSpec local,
        OptimizerSpec readout,
        Schedule schedule,
        int epochs,
        int batch,
        Precision precision,
        long seed,
        boolean augment,
        int views,
        LabelSpec labels,
        double weightAverage,
        boolean testFlips) {
    /**
     * Checks the numbers.
     *
     * @param network what learns
     * @param rule how it learns
     * @param local optimizer of the hidden layers
     * @param readout optimizer of the readout
     * @param schedule of both learning rates
     * @param epochs how often every training image is seen
     * @param batch {@code B}: samples of a step
     * @param precision of activations and products
     * @param seed key of the random numbers
     * @param augment whether training images are shifted and mirrored as the data set says
     * @param views of an image in an epoch, each a sample
     * @param labels what training makes of class labels
     * @param weightAverage decay of the weights' average
     * @param testFlips whether test images are read mirrored too
     */
    public TrainingConfig {
        if (epochs < 1) {
            throw new RefusedException("The number of epochs must be at least 1, but is " + epochs + ".");
        }
        if (batch < rule.leastBatch()) {
            throw new RefusedException("The batch must have at least " + rule.leastBatch()
                    + (rule.leastBatch() == 1 ? " sample" : " samples, since objectives compare samples") + ", but has "
                    + batch + ".");
        }
        if (views < 1) {
            throw new RefusedException("There must be at least 1 view of an image, but there are " + views + ".");
        }
        if (batch % views != 0) {
            throw new RefusedException("A batch holds all " + views
                    + " views of an image, so that it must be a multiple of " + views + ", but is " + batch + ".");
        }
        if (labels.mixes() && batch < 2) {
            throw new RefusedException("Mixup mixes the images of a batch, which must have at least 2, but has " + batch
                    + "; take a larger batch, or no mixup.");
        }
        if (!(weightAverage >= 0 && weightAverage < 1)) {
            throw new RefusedException(
                    "The decay of averaged weights must be at least 0 and below 1, but is " + weightAverage + ".");
        }
    }

    /**
     * Creates a training of one view of each image, by labels as they are.
     *
     * @param network what learns
     * @param rule how it learns
     * @param local optimizer of the hidden layers
     * @param readout optimizer of the readout
     * @param schedule of both learning rates
     * @param epochs how often every training image is seen
     * @param batch {@code B}: samples of a step
     * @param precision of activations and products
     * @param seed key of the random numbers
     * @param augment whether training images are shifted and mirrored as the data set says
     */
    public TrainingConfig(
            NetworkSpec network,
            Rule rule,
            OptimizerSpec local,
            OptimizerSpec readout,
            Schedule schedule,
            int epochs,
            int batch,
            Precision precision,
            long seed,
            boolean augment) {
        this(
                network,
                rule,
                local,
                readout,
                schedule,
                epochs,
                batch,
                precision,
                seed,
                augment,
                1,
                LabelSpec.PLAIN,
                0,
                false);
    }

    /**
     * {@return this with another batch}
     *
     * @param other samples of a step, at least 2
     */
    public TrainingConfig withBatch(int other) {
        return with(other, views, labels, weightAverage, testFlips);
    }

    /**
     * {@return this with several views of each image}
     *
     * @param other how often an image is in an epoch, from 1
     */
    public TrainingConfig withViews(int other) {
        return with(batch, other, labels, weightAverage, testFlips);
    }

    /**
     * {@return this with labels taught otherwise}
     *
     * @param other what training makes of them
     */
    public TrainingConfig withLabels(LabelSpec other) {
        return with(batch, views, other, weightAverage, testFlips);
    }

    /**
     * {@return this with other weights that are evaluated}
     *
     * @param decay of the weights' average in a step; 0 for the weights themselves
     */
    public TrainingConfig withWeightAverage(double decay) {
        return with(batch, views, labels, decay, testFlips);
    }

    /**
     * {@return this with other test images}
     *
     * @param flips whether each is read mirrored too
     */
    public TrainingConfig withTestFlips(boolean flips) {
        return with(batch, views, labels, weightAverage, flips);
    }

    private TrainingConfig with(int otherBatch, int otherViews, LabelSpec otherLabels, double average, boolean flips) {
        return new TrainingConfig(
                network,
                rule,
                local,
                readout,
                schedule,
                epochs,
                otherBatch,
                precision,
                seed,
                augment,
                otherViews,
                otherLabels,
                average,
                flips);
    }

    /** Returns how many samples an epoch has. */
    int samples(int images) {
        return images * views;
    }

    /** Returns what a checkpoint must share with a run to be gone on from. */
    Identity identity(String images, List<String> classNames, Input input) {
        return new Identity(signature(), images, classNames, input);
    }

    /** {@return all that decides bits besides data and device; a run may be given more epochs where no rate depends on them} */
    public Signature signature() {
        return Signature.EMPTY
                .with("network", network.signature())
                .with("rule", rule.signature())
                .with("optimizer.local", local.signature())
                .with("optimizer.readout", readout.signature())
                .with("schedule", schedule.signature())
                .with("epochs", schedule.dependsOnEpochs() ? epochs : null)
                .with("batch", batch)
                .with("precision", precision)
                .with("seed", seed)
                .with("augment", augment)
                .with("views", views > 1 ? views : null)
                .with("labels", labels.signature())
                .with("weightAverage", weightAverage > 0 ? weightAverage : null);
    }
}
