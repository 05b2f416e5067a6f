package io.github.kib4j.objective;

import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
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
     * {@return a given pairwise similarity of training samples}
     *
     * @param similarity of any two samples of the training set
     */
    public static TeachingSignal similarity(Similarity similarity) {
        return new OfPairs(similarity);
    }

    private record Classes(int classes, Kernel kernel, boolean centred) implements TeachingSignal {
        @Override
        public Signature signature() {
            return Signature.of("classes")
                    .with("count", classes)
                    .with("kernel", kernel.signature())
                    .with("centred", centred);
        }

        @Override
        public Bound bind(Scope scope, Tensor labels) {
            return () -> new Teaching.Classes(labels, classes, kernel, centred);
        }
    }

    private record Targets(int width, IntFunction<double[]> targets, Kernel kernel, boolean centred)
            implements TeachingSignal {
        @Override
        public Signature signature() {
            return Signature.of("targets")
                    .with("width", width)
                    .with("function", Signature.ofClass(targets))
                    .with("kernel", kernel.signature())
                    .with("centred", centred);
        }

        @Override
        public Bound bind(Scope scope, Tensor labels) {
            return new HostTargets(scope, labels.shape().extent(0), width, targets, kernel, centred);
        }
    }

    private record OfPairs(Similarity similarity) implements TeachingSignal {
        @Override
        public Signature signature() {
            return Signature.of("similarity").with("function", Signature.ofClass(similarity));
        }

        @Override
        public Bound bind(Scope scope, Tensor labels) {
            return new HostSimilarity(scope, labels.shape().extent(0), similarity);
        }
    }

    private static final class HostTargets implements TeachingSignal.Bound {
        private final int width;
        private final IntFunction<double[]> targets;
        private final Tensor tensor;
        private final Teaching teaching;

        HostTargets(Scope scope, int batch, int width, IntFunction<double[]> targets, Kernel kernel, boolean centred) {
            this.width = width;
            this.targets = targets;
            tensor = scope.allocate(DataType.F32, Shape.of(batch, width));
            teaching = new Teaching.Targets(tensor, kernel, centred);
        }

        @Override
        public Teaching teaching() {
            return teaching;
        }

        @Override
        public boolean needsSamples() {
            return true;
        }

        @Override
        public void prepare(int[] samples) {
            double[] rows = new double[samples.length * width];
            for (int b = 0; b < samples.length; b++) {
                double[] target = targets.apply(samples[b]);
                if (target.length != width) {
                    throw new RefusedException("The target of sample " + samples[b] + " has " + target.length
                            + " entries, but " + width + " were announced.");
                }
                for (double entry : target) {
                    if (!Double.isFinite(entry)) {
                        throw new RefusedException("The target of sample " + samples[b]
                                + " must be of finite numbers, but has " + entry + ".");
                    }
                }
                System.arraycopy(target, 0, rows, b * width, width);
            }
            tensor.write(rows);
        }
    }

    private static final class HostSimilarity implements TeachingSignal.Bound {
        private final Similarity similarity;
        private final Tensor tensor;

        HostSimilarity(Scope scope, int batch, Similarity similarity) {
            this.similarity = similarity;
            tensor = scope.allocate(DataType.F32, Shape.of(batch, batch));
        }

        @Override
        public Teaching teaching() {
            return new Teaching.Similarity(tensor);
        }

        @Override
        public boolean needsSamples() {
            return true;
        }

        @Override
        public void prepare(int[] samples) {
            int batch = samples.length;
            double[] l = new double[batch * batch];
            for (int i = 0; i < batch; i++) {
                for (int j = 0; j < batch; j++) {
                    double value = similarity.of(samples[i], samples[j]);
                    if (!Double.isFinite(value)) {
                        throw new RefusedException("The similarity of samples " + samples[i] + " and " + samples[j]
                                + " must be finite, but is " + value + ".");
                    }
                    l[i * batch + j] = value;
                }
            }
            tensor.write(l);
        }
    }
}
