package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/** The teaching signals of docs/mathematics.md, section 3.7. */
public final class TeachingSignals {
    private TeachingSignals() {}

    /** Pairwise similarity of two samples of the training set, given by their indices; symmetric. */
    @FunctionalInterface
    public interface Similarity {
        /**
         * {@return {@code L_ij}}
         *
         * @param i index of a sample in the training set
         * @param j index of another
         */
        double of(int i, int j);
    }

    /**
     * {@return class labels: one-hot vectors, centred or not, compared by a kernel (the paper: cosine, centred)}
     *
     * @param classes {@code M}
     * @param kernel compares one-hot vectors
     * @param centred whether each target is centred over its entries
     */
    public static TeachingSignal classes(int classes, Kernel kernel, boolean centred) {
        return new Classes(classes, kernel, centred);
    }

    /**
     * {@return target vectors}
     *
     * @param width {@code M}: entries of a target
     * @param targets gives the {@code M} numbers of a training sample
     * @param kernel compares targets
     * @param centred whether each target is centred over its entries
     */
    public static TeachingSignal targets(int width, IntFunction<double[]> targets, Kernel kernel, boolean centred) {
        return new Targets(width, targets, kernel, centred);
    }

    /**
     * {@return target vectors that are the image itself, made smaller: of each channel the means of square windows}
     *
     * @param image {@code C x H x W}
     * @param window rows and columns of one; those at the right and the bottom may be smaller
     * @param kernel compares targets
     * @param centred whether each target is centred over its entries
     */
    public static TeachingSignal pictures(Shape image, int window, Kernel kernel, boolean centred) {
        return new Pictures(image, window, kernel, centred);
    }

    /**
     * {@return what somebody says of pairs of images, without a class being named: 1 for two of the same class, 0 for two of others, of
     * which a part is wrong and of another part nothing is known} An image's own views are always the same.
     *
     * @param flipped part of the pairs of which the opposite is said
     * @param unknown part of the pairs of which nothing is said: they have the mean of what is said of their batch
     * @param seed which pairs these are
     */
    public static TeachingSignal judgements(double flipped, double unknown, long seed) {
        return new Judgements(flipped, unknown, seed);
    }

    /** {@return no labels at all: views of one image are similar (1), and those of two are not (0)} */
    public static TeachingSignal views() {
        return new Views();
    }

    /**
     * {@return a given pairwise similarity of training samples, of which two views of one image are the same}
     *
     * @param similarity of any two samples of the training set
     */
    public static TeachingSignal similarity(Similarity similarity) {
        return new OfPairs(similarity);
    }

    private record Classes(int classes, Kernel kernel, boolean centred) implements TeachingSignal {
        @Override
        public int outputs() {
            return classes;
        }

        @Override
        public Optional<Comparison> ofLabels() {
            return Optional.of(new Comparison(kernel, centred));
        }

        @Override
        public Signature signature() {
            return Signature.of("classes")
                    .with("count", classes)
                    .with("kernel", kernel.signature())
                    .with("centred", centred);
        }

        @Override
        public boolean isOfClasses() {
            return true;
        }

        @Override
        public Resident reside(Device device, Scope scope, TrainingSet set) {
            return (workspace, labels, order, clock) -> new Batch(
                    List.of(),
                    labels.shape().rank() == 1
                            ? new Teaching.Classes(labels, classes, kernel, centred)
                            : new Teaching.Targets(labels, kernel, centred));
        }
    }

    private record Targets(int width, IntFunction<double[]> targets, Kernel kernel, boolean centred)
            implements TeachingSignal {
        @Override
        public int outputs() {
            return width;
        }

        @Override
        public Signature signature() {
            return Signature.of("targets")
                    .with("width", width)
                    .with("function", Signature.ofClass(targets))
                    .with("kernel", kernel.signature())
                    .with("centred", centred);
        }

        @Override
        public Resident reside(Device device, Scope scope, TrainingSet set) {
            return new ResidentTargets(device, scope, set, width, () -> targets, kernel, centred);
        }
    }

    private record OfPairs(Similarity similarity) implements TeachingSignal {
        @Override
        public Signature signature() {
            return Signature.of("similarity").with("function", Signature.ofClass(similarity));
        }

        @Override
        public Resident reside(Device device, Scope scope, TrainingSet set) {
            return new EpochSimilarities(device, scope, set, this::ofBatch);
        }

        private void ofBatch(int[] images, float[] rows) {
            for (int i = 0; i < images.length; i++) {
                for (int j = 0; j < images.length; j++) {
                    double value = similarity.of(images[i], images[j]);
                    if (!Double.isFinite(value)) {
                        throw new RefusedException("The similarity of samples " + images[i] + " and " + images[j]
                                + " must be finite, but is " + value + ".");
                    }
                    rows[i * images.length + j] = (float) value;
                }
            }
        }
    }
}
