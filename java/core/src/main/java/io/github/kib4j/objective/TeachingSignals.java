package io.github.kib4j.objective;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.function.IntFunction;

/** The teaching signals of docs/mathematics.md, section 3.7. */
public final class TeachingSignals {
    private static final int MOST = Integer.MAX_VALUE - 8;

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
        public int outputs() {
            return classes;
        }

        @Override
        public Signature signature() {
            return Signature.of("classes")
                    .with("count", classes)
                    .with("kernel", kernel.signature())
                    .with("centred", centred);
        }

        @Override
        public Resident reside(Device device, Scope scope, int samples, int batch) {
            return (workspace, labels, order, clock) ->
                    new Batch(List.of(), new Teaching.Classes(labels, classes, kernel, centred));
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
        public Resident reside(Device device, Scope scope, int samples, int batch) {
            return new ResidentTargets(device, this, table(scope, "targets", samples, width));
        }
    }

    private record OfPairs(Similarity similarity) implements TeachingSignal {
        @Override
        public Signature signature() {
            return Signature.of("similarity").with("function", Signature.ofClass(similarity));
        }

        @Override
        public Resident reside(Device device, Scope scope, int samples, int batch) {
            return new EpochSimilarity(device, similarity, table(scope, "similarities", samples, batch));
        }
    }

    /** Allocates a table of training samples that one array of Java can fill. */
    private static Tensor table(Scope scope, String what, int samples, int width) {
        if ((long) samples * width > MOST) {
            throw new RefusedException("The " + what + " of " + samples + " training samples, " + width
                    + " for each, are more than an array can hold; take a smaller batch, or fewer samples.");
        }
        return scope.allocate(DataType.F32, Shape.of(samples, width));
    }

    /** All targets, on the device from the first epoch on. */
    private static final class ResidentTargets implements TeachingSignal.Resident {
        private final Device device;
        private final Targets signal;
        private final Tensor all;
        private boolean written;

        ResidentTargets(Device device, Targets signal, Tensor all) {
            this.device = device;
            this.signal = signal;
            this.all = all;
        }

        @Override
        public void startEpoch(int[] order) {
            if (written) {
                return;
            }
            int width = signal.width();
            float[] rows = new float[Math.toIntExact(all.shape().size())];
            for (int i = 0; i < all.shape().extent(0); i++) {
                double[] target = signal.targets().apply(i);
                if (target.length != width) {
                    throw new RefusedException("The target of sample " + i + " has " + target.length + " entries, but "
                            + width + " were announced.");
                }
                for (int k = 0; k < width; k++) {
                    if (!Double.isFinite(target[k])) {
                        throw new RefusedException(
                                "The target of sample " + i + " must be of finite numbers, but has " + target[k] + ".");
                    }
                    rows[i * width + k] = (float) target[k];
                }
            }
            all.write(rows);
            written = true;
        }

        @Override
        public TeachingSignal.Batch batch(Workspace workspace, Tensor labels, Tensor order, Clock clock) {
            Tensor out = workspace.tensor(
                    DataType.F32, all.shape().withFirst(labels.shape().extent(0)));
            return new TeachingSignal.Batch(
                    List.of(device.batch().rows(out, all, order, clock)),
                    new Teaching.Targets(out, signal.kernel(), signal.centred()));
        }
    }

    /**
     * The similarities that an epoch's batches need: for each sample, in the epoch's order, those with the samples of its batch,
     * {@code [samples, B]}.
     */
    private static final class EpochSimilarity implements TeachingSignal.Resident {
        private final Device device;
        private final Similarity similarity;
        private final Tensor all;

        EpochSimilarity(Device device, Similarity similarity, Tensor all) {
            this.device = device;
            this.similarity = similarity;
            this.all = all;
        }

        @Override
        public void startEpoch(int[] order) {
            int batch = all.shape().extent(1);
            float[] rows = new float[Math.toIntExact(all.shape().size())];
            for (int i = 0; i < order.length; i++) {
                int first = i / batch * batch;
                for (int j = first; j < Math.min(first + batch, order.length); j++) {
                    double value = similarity.of(order[i], order[j]);
                    if (!Double.isFinite(value)) {
                        throw new RefusedException("The similarity of samples " + order[i] + " and " + order[j]
                                + " must be finite, but is " + value + ".");
                    }
                    rows[i * batch + j - first] = (float) value;
                }
            }
            all.write(rows);
        }

        @Override
        public TeachingSignal.Batch batch(Workspace workspace, Tensor labels, Tensor order, Clock clock) {
            int size = labels.shape().extent(0);
            Tensor out = workspace.tensor(DataType.F32, Shape.of(size, size));
            return new TeachingSignal.Batch(
                    List.of(device.batch().rows(out, all, null, clock)), new Teaching.Similarity(out));
        }
    }
}
