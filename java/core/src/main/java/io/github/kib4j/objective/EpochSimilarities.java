package io.github.kib4j.objective;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;

/**
 * The similarities that an epoch's batches need: for each sample, in the epoch's order, those with the samples of its batch,
 * {@code [samples, B]}.
 */
final class EpochSimilarities implements TeachingSignal.Resident {
    private final Device device;
    private final TrainingSet set;
    private final Comparison comparison;
    private final Tensor all;

    /** Compares the samples of a batch with each other. */
    @FunctionalInterface
    interface Comparison {
        /**
         * Writes all similarities.
         *
         * @param images that the batch's samples are views of
         * @param rows receives {@code [images, images]}
         */
        void compare(int[] images, float[] rows);
    }

    EpochSimilarities(Device device, Scope scope, TrainingSet set, Comparison comparison) {
        this.device = device;
        this.set = set;
        this.comparison = comparison;
        all = SampleTable.allocate(scope, "similarities", set.samples(), set.batch());
    }

    @Override
    public void startEpoch(int[] order) {
        int batch = set.batch();
        float[] rows = new float[Math.toIntExact(all.shape().size())];
        for (int first = 0; first < order.length; first += batch) {
            int[] images = new int[Math.min(batch, order.length - first)];
            for (int i = 0; i < images.length; i++) {
                images[i] = set.imageOf(order[first + i]);
            }
            float[] similarities = new float[images.length * images.length];
            comparison.compare(images, similarities);
            for (int i = 0; i < images.length; i++) {
                System.arraycopy(similarities, i * images.length, rows, (first + i) * batch, images.length);
            }
        }
        all.write(rows);
    }

    @Override
    public TeachingSignal.Batch batch(Workspace workspace, Tensor labels, Tensor order, Clock clock) {
        return rows(device, all, workspace, labels, clock);
    }

    /** Gathers a batch's similarities out of a table in the epoch's order, or of one that is every batch's. */
    static TeachingSignal.Batch rows(Device device, Tensor all, Workspace workspace, Tensor labels, Clock clock) {
        int size = labels.shape().extent(0);
        Tensor out = workspace.tensor(DataType.F32, Shape.of(size, size));
        return new TeachingSignal.Batch(
                List.of(device.batch().rows(out, all, null, clock)), new Teaching.Similarity(out));
    }
}
